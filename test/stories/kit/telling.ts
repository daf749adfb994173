import type { InjectOptions } from 'fastify'
import type { Test } from 'tap'
import type { DomainEvent, RecordedEvent } from '#domain/events.ts'
import { streamName } from '#domain/kernel/event.ts'
import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import { japanClock, japanDate } from '#domain/kernel/time.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { staffBy } from '#src/access/principal.ts'
import { relationIn } from '#src/access/relation.ts'
import { BEGINNING } from '#src/cli/demo/stories.ts'
import type { Colleague, Moment, Story } from '#src/cli/demo/story.ts'
import { type StoryClock, storyClock, tell } from '#src/cli/demo/tell.ts'
import { buildApp } from '#src/http/app.ts'
import { makeLog } from '#src/log.ts'
import { type System, startSystem } from '#src/system.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { doorsOf } from '#src/write/commands.ts'
import type { Receipt } from '#src/write/execute.ts'
import { type Answer, handler } from '#src/write/handle.ts'
import { clusterOf } from '#test/kit/cluster.ts'

export const engines = ['memory', 'sqlite', 'cluster'] as const
export type Engine = (typeof engines)[number]

/** One entry as the API shows it (API 4). */
export type Shown = {
  readonly type: string
  readonly kind: string
  readonly stream: string
  readonly occurredAt?: string
  readonly occurredOn?: string
  readonly recordedAt: string
  readonly late: boolean
  readonly summary: string
  readonly redacted: readonly string[]
  readonly links: readonly { readonly rel: string; readonly stream: string }[]
}

export type Attempt = {
  readonly by: Colleague
  readonly of: Lifecycle
  readonly command: string
  readonly id?: string
  readonly data: Readonly<Record<string, unknown>>
  readonly key?: string
}

export type World = {
  readonly system: System
  readonly clock: StoryClock
  readonly dataDir: string
  /** Everything recorded about the family, in log order. */
  facts(): Promise<readonly RecordedEvent[]>
  of<T extends DomainEvent['type']>(type: T): Promise<readonly Extract<RecordedEvent, { type: T }>[]>
  attempt(what: Attempt): Promise<Answer>
  /** What the door answers to this colleague. */
  read(as: string, path: string): Promise<unknown>
  search(as: string, what: { readonly name: string; readonly birthDate: string }): Promise<unknown>
  /** Every line of the log so far. */
  readonly logged: readonly string[]
  timeline(as: string, query?: string): Promise<readonly Shown[]>
  stop(): Promise<void>
}

type Options = { readonly until?: Moment; readonly dataDir?: string }

/** The story in an engine of its own, told to the end or up to a moment. */
export const tellIn = async (
  t: Test,
  engine: Engine,
  story: Story,
  { until, dataDir }: Options = {},
): Promise<World> => {
  const clock = storyClock(BEGINNING)
  // Before the directory is asked for: what was asked for first ends last, and a world lives in its directory.
  let stop = async (): Promise<void> => undefined
  t.teardown(() => stop())
  const world = await openWorld(engine, story, clock, dataDir ?? t.testdir())
  stop = world.stop
  await tell(world.system, clock, [story], until)
  return world
}

const SETTLE_MS = 10_000

export const openWorld = async (
  engine: Engine,
  story: Story,
  clock: StoryClock,
  dataDir: string,
): Promise<World> => {
  const logged: string[] = []
  const log = makeLog('info', { write: (line) => void logged.push(line) })
  const system = await startSystem({
    dataDir,
    ...(engine === 'cluster' ? await clusterOf(dataDir) : { engine }),
    log,
    now: clock.now,
    tickMs: 0,
  })
  const staffMember = staffBy(system)
  const app = await buildApp({
    system,
    identify: async (header = '') => (await staffMember(header.replace('Bearer ', ''))) ?? 'not-staff',
    familyReference: (subscriber) => subscriber,
    log,
    ratePerMinute: 0,
    devMode: true,
  })
  const handle = handler(system, relationIn(system))
  const { decode } = system
  const doors = doorsOf(lifecycles)
  let stopping: Promise<void> | undefined

  const facts = async () => {
    const all = await system.store.after(0n, 10_000)
    return all.filter(({ metadata }) => metadata.familyId === story.familyId).map(decode)
  }
  const read = async (as: string, path: string): Promise<unknown> => {
    await system.projector.reached(await system.store.head(), SETTLE_MS)
    const request: InjectOptions = { method: 'GET', url: path, headers: { authorization: `Bearer ${as}` } }
    const answer = await app.inject(request)
    return answer.json()
  }
  return {
    system,
    clock,
    dataDir,
    facts,
    read,
    logged,
    async search(as, what) {
      await system.projector.reached(await system.store.head(), SETTLE_MS)
      const headers = { authorization: `Bearer ${as}` }
      return (await app.inject({ method: 'POST', url: '/v1/families/search', headers, payload: what })).json()
    },
    async of(type) {
      const all = await facts()
      return all.filter((event) => event.type === type) as Extract<RecordedEvent, { type: typeof type }>[]
    },
    async attempt({ by, of, command, id = uuidV7(), data, key }) {
      const door = doors.find(({ lifecycle, name }) => lifecycle.name === of.name && name === command)
      if (!door) throw new Error(`no command ${command}`)
      const { staffId, role, organization: organizationId, site: siteId } = by
      const principal = { staffId, role, organizationId, ...(siteId && { siteId }) }
      return handle({ door, id, body: data, principal, ...(key !== undefined && { key }) })
    },
    async timeline(as, query = 'order=oldest&limit=500') {
      const page = (await read(as, `/v1/families/${story.familyId}/timeline?${query}`)) as {
        entries?: readonly Shown[]
      }
      return page.entries ?? []
    },
    stop() {
      stopping ??= app.close().then(() => system.stop())
      return stopping
    },
  }
}

/** `done`, `referral/no-basis`, `invalid` …: in one word how a command was answered. */
export const outcomeOf = (answer: Answer): string =>
  answer.kind === 'refused' ? answer.refusal.refused : answer.kind

export const receiptOf = (answer: Answer): Receipt => {
  if (answer.kind !== 'done') throw new Error(outcomeOf(answer))
  return answer
}

export const inJapan = (instant: string): string => `${japanDate(instant)} ${japanClock(instant)}`

export const firstEntry = (entries: readonly Shown[], category: string, id: string): Shown | undefined =>
  entries.find(({ stream }) => stream === streamName(category, id))

/** Rows of a story that are neither carried out nor told to come later. */
export const rowsMissing = ({ letter, rows }: Story): readonly string[] => {
  const told = new Set(rows.map(({ row }) => row))
  return Array.from({ length: 25 }, (_, i) => `${letter}${i + 1}`).filter((row) => !told.has(row))
}
