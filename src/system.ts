import { mkdirSync, rmSync } from 'node:fs'
import type { EventStore } from '#domain/kernel/event-store.ts'
import type { Keyring } from '#domain/kernel/keyring.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { watches } from '#domain/processes/deadlines.ts'
import { processes } from '#domain/processes/registry.ts'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { openProcessJournal } from '#infra/process-journal/sqlite.ts'
import type { WorkQueue } from '#infra/queue/work-queue.ts'
import { alwaysHeld, type Lease } from '#infra/redis/lease.ts'
import type { Engine } from './data/engine.ts'
import { eventLogFile, processesFile, readModelFile } from './data/files.ts'
import { keyAccess } from './data/keys.ts'
import { openData } from './data/open.ts'
import { type Deliveries, type DeliveryOptions, startDeliveries } from './delivery/deliveries.ts'
import { type Eraser, startEraser } from './erasure/eraser.ts'
import { proposeErasures } from './erasure/propose.ts'
import type { Log } from './log.ts'
import { followedUpByAnyNode, followedUpHere } from './processes/followed-up.ts'
import { type ProcessRunner, startProcesses } from './processes/runner.ts'
import { type Projector, startProjector } from './projector/projector.ts'
import { type Readiness, watchReadiness } from './readiness.ts'
import { seedDirectory } from './seed.ts'
import { type WritePath, writePath } from './write/write-path.ts'

/** Everything that runs behind the door, put together for one node. */
export type System = WritePath & {
  readonly store: EventStore
  readonly keyring: Keyring
  readonly views: ReadStore
  readonly projector: Projector
  readonly processes: ProcessRunner
  readonly eraser: Eraser
  readonly deliveries: Deliveries
  /** The same for every program that works on this log, and for no other. */
  readonly logIdentity: string
  /** Whether requests should be sent to this node. */
  readonly readiness: () => Readiness
  readonly now: () => string
  stop(): Promise<void>
}

export type SystemOptions = {
  readonly dataDir: string
  readonly engine: Engine
  readonly log: Log
  /** 32 bytes in base64. Absent: one of the data directory's own, for development. */
  readonly keyEncryptionKey?: string | undefined
  readonly previousKeyEncryptionKey?: string | undefined
  /** Where several programs work on one log: what one is enough for is done by the one that holds the lease on it. Absent: by every one, to the same effect. */
  readonly lease?: (logIdentity: string) => Lease
  /** How webhooks are sent. `queue`: hands attempts on the log of this name to other programs. */
  readonly delivery?: Omit<DeliveryOptions, 'queue'> & { readonly queue?: (logIdentity: string) => WorkQueue }
  /** ISO instant in UTC; the clock of the machine unless said. */
  readonly now?: () => string
  /** How often missed deadlines are looked for, in ms. 0: only when `processes.tick()` is called. */
  readonly tickMs?: number
}

/**
 * Opens the log, the views and the processes, in this order; `stop` closes them in the other.
 * @throws StoreUnavailable  the log does not answer; nothing is left open
 */
export const startSystem = async (options: SystemOptions): Promise<System> => {
  const { dataDir, engine, log, tickMs = 30_000 } = options
  const { now = () => new Date().toISOString() } = options
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const access = keyAccess(dataDir, options.keyEncryptionKey, options.previousKeyEncryptionKey)
  const keys = engine === 'memory' ? { ...access, file: ':memory:' } : access
  const data = await openData({ engine, dataDir, keys, log })
  const { store, keyring, shared } = data
  const { decode, view, execute } = writePath({ store, keyring, now, calendar: japaneseCalendar })
  const startViews = async (): Promise<Projector> => {
    await seedDirectory(execute)
    // A log in memory begins anew, and so do its views.
    if (engine === 'memory')
      for (const suffix of ['', '-wal', '-shm']) rmSync(readModelFile(dataDir) + suffix, { force: true })
    return startProjector({
      store,
      eventLog: engine === 'memory' ? undefined : eventLogFile(dataDir, engine),
      file: readModelFile(dataDir),
      keys,
      keyring,
      log,
    })
  }
  // What was opened would keep a program alive that does nothing.
  const projector = await startViews().catch(async (error: unknown) => {
    await data.close()
    throw error
  })
  // Whoever has the keys has the log: programs that share a directory share both.
  const logIdentity = shared?.logIdentity ?? keyring.blind('which log this is')
  const isAlone = engine === 'memory'
  const lease = (isAlone ? undefined : options.lease?.(logIdentity)) ?? alwaysHeld()
  const journal = openProcessJournal(engine === 'memory' ? ':memory:' : processesFile(dataDir))
  const eraser = startEraser({
    store,
    keyring,
    forget: view.forget,
    shared: shared?.checkpoint('erasures'),
    log,
  })
  const running = startProcesses({
    store,
    decode,
    lifecycles,
    processes,
    watches,
    execute,
    journal,
    lease,
    followedUp: shared
      ? followedUpByAnyNode(shared.checkpoint('processes'), log)
      : followedUpHere(journal.checkpoint),
    now,
    log,
  })
  const { queue, ...delivery } = options.delivery ?? {}
  const deliveries = startDeliveries(
    { store, view, views: projector.views, projector, execute, keyring, now },
    { ...delivery, queue: isAlone ? undefined : queue?.(logIdentity), lease, log },
  )
  const readiness = watchReadiness({ store, projector, processes: running })
  const timer = tickMs > 0 ? setInterval(() => void tick(system, log), tickMs) : undefined
  timer?.unref()

  const system: System = {
    store,
    keyring,
    decode,
    execute,
    view,
    views: projector.views,
    projector,
    processes: running,
    eraser,
    deliveries,
    logIdentity,
    readiness: readiness.now,
    now,
    async stop() {
      clearInterval(timer)
      readiness.stop()
      await deliveries.stop()
      await running.stop()
      await lease.stop()
      journal.close()
      await projector.stop()
      await eraser.stop()
      await data.close()
    },
  }
  return system
}

const tick = async (system: System, log: Log): Promise<void> => {
  try {
    await system.processes.tick()
    if (system.processes.status().acts) await proposeErasures(system)
  } catch (error) {
    log.warn({ err: error }, 'deadlines will be looked at again')
  }
}
