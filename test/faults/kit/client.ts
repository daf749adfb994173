import { setTimeout as pause } from 'node:timers/promises'
import { uuidV7 } from '#src/write/command-id.ts'
import type { Who } from './cluster.ts'
import type { Node } from './node.ts'
import type { Random } from './random.ts'

export type Receipt = {
  readonly id: string
  readonly version: number
  readonly position: string | null
  readonly events: readonly { readonly id: string; readonly type: string }[]
}

/** What a command came to, however often it had to be sent. */
export type Final = {
  readonly key: string
  readonly who: Who
  readonly path: string
  readonly status: number
  readonly code?: string | undefined
  readonly receipt?: Receipt | undefined
  readonly sent: number
  readonly ms: number
  /** What was answered until then, and how often. */
  readonly met: Readonly<Record<string, number>>
}

export type Client = {
  /** Sends it to any node, again and again under its key, until it is done or refused. */
  give(who: Who, path: string, body?: object): Promise<Final>
  readonly finals: readonly Final[]
  /** Keys of commands that have no answer yet. */
  readonly open: ReadonlySet<string>
}

const ANSWER_MS = 20_000
/** Nothing stays down for so long: somebody does not come back. */
const GIVE_UP_MS = 180_000

export const client = (options: {
  readonly nodes: readonly Node[]
  readonly tokens: Readonly<Record<Who, string>>
  readonly random: Random
}): Client => {
  const { nodes, tokens, random } = options
  const finals: Final[] = []
  const open = new Set<string>()

  const send = async (who: Who, path: string, key: string, body: object) => {
    const { origin } = random.pick(nodes)
    const answer = await fetch(`${origin}/v1/${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokens[who]}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    return { status: answer.status, body: (await answer.json()) as Receipt & { code?: string } }
  }

  return {
    finals,
    open,
    async give(who, path, body = {}) {
      const key = uuidV7()
      const start = performance.now()
      const met: Record<string, number> = {}
      const note = (what: string) => {
        met[what] = (met[what] ?? 0) + 1
        if (performance.now() - start > GIVE_UP_MS)
          throw new Error(`${path} is not answered, after ${JSON.stringify(met)}`)
      }
      open.add(key)
      for (let sent = 1; ; sent++) {
        const answer = await send(who, path, key, body).catch(causeOf)
        if (typeof answer === 'string' || answer.status >= 500 || answer.status === 429) {
          note(typeof answer === 'string' ? answer : `${answer.status} ${answer.body.code}`)
          await pause(random.between(20, 400))
          continue
        }
        const isDone = answer.status < 300
        const final: Final = {
          ...{ key, who, path, sent, met, status: answer.status, ms: performance.now() - start },
          ...(isDone ? { receipt: answer.body } : { code: answer.body.code }),
        }
        finals.push(final)
        open.delete(key)
        return final
      }
    },
  }
}

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name
}
