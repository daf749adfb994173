import type { EventStore } from '#domain/kernel/event-store.ts'
import { type EventStoreDb, openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { type Engine, isCluster } from './engine.ts'
import { eventLogFile, logIdentityFile } from './files.ts'
import type { Log } from './log.ts'

export type OpenEngine = {
  readonly store: EventStore
  /** On a cluster: the same store, with what is kept beside the log. */
  readonly cluster?: EventStoreDb
}

export const openEngine = async (engine: Engine, dataDir: string, log: Log): Promise<OpenEngine> => {
  if (engine === 'memory') return { store: memoryEventStore() }
  const file = eventLogFile(dataDir, engine)
  if (!isCluster(engine)) return { store: await openSqliteEventStore({ file }) }
  const cluster = await openEventStoreDb({
    url: engine,
    replicaFile: file,
    identityFile: logIdentityFile(dataDir),
    say: (text, fields) => log.warn(fields, text),
  })
  return { store: cluster, cluster }
}
