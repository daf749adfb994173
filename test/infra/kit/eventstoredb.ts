import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type EventStore, type Stored, StoreUnavailable } from '#domain/kernel/event-store.ts'
import {
  type EventStoreDb,
  type EventStoreDbOptions,
  openEventStoreDb,
} from '#infra/event-store/eventstoredb/event-store.ts'
import { event, newStream } from '#test/contract/event-store.ts'
import { type Double, type DoubleOptions, startDouble } from '#test/eventstoredb-double/double.ts'
import { type DoubleProcess, startDoubleProcess } from '#test/eventstoredb-double/kit/process.ts'

/** The test fails when something fails that nobody waits for: in a server that would be its end. */
export const nothingGoesUnheard = (t: Test): void => {
  for (const name of ['unhandledRejection', 'uncaughtException'] as const) {
    const hear = (error: unknown) => t.fail(`${name}: ${error instanceof Error ? error.stack : error}`)
    process.on(name, hear)
    t.teardown(() => process.off(name, hear))
  }
}

export const filesIn = (directory: string) => ({
  replicaFile: join(directory, 'replica.db'),
  identityFile: join(directory, 'log-identity'),
})

/** `testdir` would empty the one that the test has already. */
export const newDirectory = (t: Test): string => {
  const directory = mkdtempSync(join(tmpdir(), 'tsunagi-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Closed with the test. In a directory of its own, if none is given. */
export const openStore = async (
  t: Test,
  { url }: { readonly url: string },
  { directory = newDirectory(t), ...options }: OpenOptions = {},
): Promise<EventStoreDb> => {
  const store = await openEventStoreDb({ url, ...filesIn(directory), ...options })
  t.teardown(() => store.close())
  return store
}

type OpenOptions = Omit<Partial<EventStoreDbOptions>, 'url'> & { readonly directory?: string }

export const startHere = async (
  t: Test,
  options: OpenOptions & { readonly double?: DoubleOptions } = {},
): Promise<{ readonly double: Double; readonly store: EventStoreDb }> => {
  nothingGoesUnheard(t)
  const { double: doubleOptions, ...rest } = options
  const double = await startDouble(doubleOptions)
  t.teardown(() => double.stop())
  return { double, store: await openStore(t, double, rest) }
}

export const startOwnProcess = async (t: Test, options: DoubleOptions = {}): Promise<DoubleProcess> => {
  nothingGoesUnheard(t)
  const double = await startDoubleProcess(options)
  t.teardown(() => double.kill())
  return double
}

export type Collected = { readonly events: Stored[]; readonly ids: () => string[] }

/** Follows from the beginning for as long as the test lasts. */
export const collect = (t: Test, store: EventStore): Collected => {
  const events: Stored[] = []
  const ending = new AbortController()
  t.teardown(() => ending.abort())
  const following = (async () => {
    for await (const page of store.follow(0n, ending.signal)) events.push(...page.events)
  })()
  following.catch((error: unknown) => t.fail(`the following ended: ${error}`))
  return { events, ids: () => events.map(({ id }) => id) }
}

/** How long it took, and what came of it. */
export const timed = async <T>(work: Promise<T>) => {
  const begun = performance.now()
  const [result] = await Promise.allSettled([work])
  return { ms: performance.now() - begun, result }
}

export const isUnavailable = ({ result }: Awaited<ReturnType<typeof timed>>): boolean =>
  result.status === 'rejected' && result.reason instanceof StoreUnavailable

export const visit = (note: unknown = 'a visit') => event({ note })

export { newStream }
