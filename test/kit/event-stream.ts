import type { Test } from 'tap'
import type { Door } from './door.ts'

export type Message = {
  readonly id: string
  /** `message` unless it has a name. */
  readonly event: string
  /** JSON. */
  readonly data: unknown
}

export type EventStream = {
  readonly status: number
  readonly headers: Headers
  /** Of what was not a stream. */
  readonly problem: Readonly<Record<string, unknown>> | undefined
  /** As an EventSource keeps it: also moved by what is no event. */
  lastId(): string
  /** Everything that came, as it came. */
  raw(): string
  /** @throws when it ends before, or nothing comes for a long while */
  take(count: number): Promise<readonly Message[]>
  /** Resolves when the other side has ended it. @returns what had come and was not taken */
  ended(): Promise<readonly Message[]>
  close(): void
}

const LONGEST_MS = 20_000

/** Server-Sent Events by the letter of the standard (HTML, 9.2), over a real connection; `door` listens. */
export const openStream = async (
  t: Test,
  door: Pick<Door, 'origin'>,
  token: string,
  query = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> => {
  const hanging = new AbortController()
  t.teardown(() => hanging.abort())
  const answer = await fetch(`${door.origin}/v1/feeds/referrals/stream?${query}`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...headers },
    signal: hanging.signal,
  })
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
  const problem = isStream ? undefined : ((await answer.json()) as Readonly<Record<string, unknown>>)
  const messages: Message[] = []
  let lastId = ''
  let raw = ''
  let isOver = !isStream
  const read = async () => {
    let open = ''
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      raw += chunk
      const blocks = (open + chunk).split('\n\n')
      open = blocks.pop() ?? ''
      for (const block of blocks) dispatch(block)
    }
  }
  const dispatch = (block: string): void => {
    const fields = block.split('\n').map((line) => /^([a-z]*): ?(.*)$/.exec(line)?.slice(1) ?? [])
    const last = (name: string) => fields.findLast(([field]) => field === name)?.[1]
    lastId = last('id') ?? lastId
    const data = last('data')
    if (data !== undefined)
      messages.push({ id: lastId, event: last('event') ?? 'message', data: JSON.parse(data) })
  }
  if (isStream)
    void read()
      .catch(() => undefined)
      .finally(() => {
        isOver = true
      })

  const until = async (holds: () => boolean) => {
    for (const end = performance.now() + LONGEST_MS; !holds(); ) {
      if (performance.now() > end) throw new Error(`nothing more came after:\n${raw.slice(-2_000)}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  return {
    status: answer.status,
    headers: answer.headers,
    problem,
    lastId: () => lastId,
    raw: () => raw,
    async take(count) {
      await until(() => messages.length >= count || isOver)
      if (messages.length < count) throw new Error(`it ended after ${messages.length} of ${count}:\n${raw}`)
      return messages.splice(0, count)
    },
    async ended() {
      await until(() => isOver)
      return messages.splice(0)
    },
    close: () => hanging.abort(),
  }
}
