import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Appending, EventStore } from '#domain/kernel/event-store.ts'
import type { Projection } from '#domain/kernel/projection.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { openReadStore } from '#infra/read-store/read-store.ts'
import { openReadStoreWriter, type ReadStoreWriter } from '#infra/read-store/writer.ts'
import type { Level, Log } from '#src/log.ts'
import { type RunnerOptions, startRunner } from '#src/projector/runner.ts'
import { sayingWhatWasSetAside } from '#src/projector/set-aside.ts'
import { decode, noteStream } from './notes.ts'

export type Line = {
  readonly level: Level
  readonly fields: Readonly<Record<string, unknown>>
  readonly text: string
}

export const listening = (): { readonly log: Log; readonly lines: Line[] } => {
  const lines: Line[] = []
  const at = (level: Level) => (fields: object, text: string) =>
    void lines.push({ level, fields: { ...fields }, text })
  const log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
  }
  return { log, lines }
}

export const errorsIn = (lines: readonly Line[]) =>
  lines.filter(({ level }) => level === 'error' || level === 'fatal')

export const newFile = (t: Test): string =>
  join(existsSync(t.testdirName) ? t.testdirName : t.testdir({}), `views-${Math.random()}.db`)

type Given = {
  readonly projections: readonly Projection[]
  readonly store?: EventStore
  readonly file?: string
  readonly decode?: RunnerOptions['decode']
  readonly with?: (writer: ReadStoreWriter) => ReadStoreWriter
}

/** A runner over a log in memory and a file of views; everything stops with the test, or when asked. */
export const run = (t: Test, given: Given) => {
  const { store = memoryEventStore(), file = newFile(t), projections } = given
  const { log, lines } = listening()
  const writer = openReadStoreWriter({ file, onSetAside: sayingWhatWasSetAside(log) })
  const runner = startRunner({
    store,
    writer: given.with?.(writer) ?? writer,
    projections,
    decode: given.decode ?? decode,
    log,
  })
  const views = openReadStore({ file, onDamage: runner.renew })
  let stopped = false
  const stop = async () => {
    if (stopped) return
    stopped = true
    await runner.stop()
    views.close()
    writer.close()
  }
  t.teardown(stop)
  const write = async (...events: readonly Appending[]) =>
    (await store.append(noteStream, 'any', events)).position
  return { runner, store, file, views, lines, write, stop }
}

export const until = async (holds: () => boolean, ms = 5_000): Promise<void> => {
  for (const end = performance.now() + ms; !holds(); await sleep(5))
    if (performance.now() > end) throw new Error('it never came to that')
}

/** The fingerprint of these projections over this log, built at once in a file of its own. */
export const cleanBuild = async (
  t: Test,
  store: EventStore,
  projections: readonly Projection[],
  decoder = decode,
) => {
  const { runner, views, stop } = run(t, { store, projections, decode: decoder })
  if (!(await runner.reached(await store.head(), 10_000))) throw new Error('a clean build does not get there')
  const fingerprints = projections.map(({ name }) => views.fingerprint(name))
  await stop()
  return fingerprints
}
