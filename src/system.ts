import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue, type DomainEvent } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import type { Recorded } from '#domain/kernel/event.ts'
import type { EventStore, Stored } from '#domain/kernel/event-store.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { watches } from '#domain/processes/deadlines.ts'
import { processes } from '#domain/processes/registry.ts'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { openProcessJournal } from '#infra/process-journal/sqlite.ts'
import type { Log } from './log.ts'
import { type ProcessRunner, startProcesses } from './processes/runner.ts'
import { type Projector, startProjector } from './projector/projector.ts'
import { seedDirectory } from './seed.ts'
import { type Execute, executor } from './write/execute.ts'
import { type FoldCache, foldCache } from './write/fold-cache.ts'

/** Everything that runs behind the door, put together for one node. */
export type System = {
  readonly store: EventStore
  readonly decode: (stored: Stored) => Recorded<DomainEvent>
  readonly execute: Execute
  readonly view: FoldCache
  readonly views: ReadStore
  readonly projector: Projector
  readonly processes: ProcessRunner
  readonly now: () => string
  stop(): Promise<void>
}

export type SystemOptions = {
  readonly dataDir: string
  readonly engine: 'sqlite' | 'memory'
  readonly log: Log
  /** ISO instant in UTC; the clock of the machine unless said. */
  readonly now?: () => string
  /** How often missed deadlines are looked for, in ms. 0: only when `processes.tick()` is called. */
  readonly tickMs?: number
}

export const eventLogFile = (dataDir: string): string => join(dataDir, 'events.db')
export const readModelFile = (dataDir: string): string => join(dataDir, 'read-models.db')
export const devIssuerFile = (dataDir: string): string => join(dataDir, 'dev-issuer.pem')

/** Opens the log, the views and the processes, in this order; `stop` closes them in the other. */
export const startSystem = async (options: SystemOptions): Promise<System> => {
  const { dataDir, engine, log, now = () => new Date().toISOString(), tickMs = 30_000 } = options
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const store =
    engine === 'memory' ? memoryEventStore() : await openSqliteEventStore({ file: eventLogFile(dataDir) })
  const decode = decoder(catalogue)
  const view = foldCache(store, decode)
  const execute = executor({ store, decode, view, now, calendar: japaneseCalendar })
  await seedDirectory(execute)

  // A log in memory begins anew, and so do its views.
  if (engine === 'memory')
    for (const suffix of ['', '-wal', '-shm']) rmSync(readModelFile(dataDir) + suffix, { force: true })
  const projector = await startProjector({
    store,
    eventLog: engine === 'memory' ? undefined : eventLogFile(dataDir),
    file: readModelFile(dataDir),
    log,
  })
  const journal = openProcessJournal(engine === 'memory' ? ':memory:' : join(dataDir, 'processes.db'))
  const running = startProcesses({
    store,
    decode,
    lifecycles,
    processes,
    watches,
    execute,
    journal,
    now,
    log,
  })
  const timer = tickMs > 0 ? setInterval(() => void tick(running, log), tickMs) : undefined
  timer?.unref()

  return {
    store,
    decode,
    execute,
    view,
    views: projector.views,
    projector,
    processes: running,
    now,
    async stop() {
      clearInterval(timer)
      await running.stop()
      journal.close()
      await projector.stop()
      await store.close()
    },
  }
}

const tick = async (running: ProcessRunner, log: Log): Promise<void> => {
  try {
    await running.tick()
  } catch (error) {
    log.warn({ err: error }, 'deadlines will be looked at again')
  }
}
