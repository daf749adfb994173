import { existsSync } from 'node:fs'
import type { EventStore } from '#domain/kernel/event-store.ts'
import { type EventStoreDb, openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import type { RotatingKeyring } from '#infra/keys/keyring.ts'
import type { SharedKeyring } from '#infra/keys/shared/keyring.ts'
import { withKeys } from '#infra/keys/shared/with-keys.ts'
import { type Engine, isCluster } from './engine.ts'
import { eventLogFile, logIdentityFile } from './files.ts'
import { type KeyAccess, openClusterKeys, openKeys } from './keys.ts'
import { refuseOtherKeys, refuseUnreadableLog } from './keys-fit.ts'
import type { Log } from './log.ts'

/** The log and the keys under which it lies. */
export type Data = {
  readonly store: EventStore
  readonly keyring: RotatingKeyring | SharedKeyring
  /** On a cluster: the engine, for what is kept beside the log. */
  readonly cluster?: EventStoreDb
  close(): Promise<void>
}

export type DataOptions = {
  readonly engine: Engine
  readonly dataDir: string
  readonly keys: KeyAccess
  readonly log: Log
}

/**
 * @throws KeysDoNotFit  the log does not lie under these keys
 * @throws LogDiffers    this directory holds copies of another log, or of more than the server has
 */
export const openData = (options: DataOptions): Promise<Data> =>
  isCluster(options.engine) ? openShared(options.engine, options) : openOwn(options)

const openOwn = async ({ engine, dataDir, keys }: DataOptions): Promise<Data> => {
  const hadKeys = engine === 'memory' || existsSync(keys.file)
  const keyring = openKeys(keys)
  const store =
    engine === 'memory' ? memoryEventStore() : await openSqliteEventStore({ file: eventLogFile(dataDir) })
  await refuseOtherKeys({ store, keyring, hadKeys, file: keys.file })
  return { store, keyring, close: () => closeBoth(store, keyring) }
}

const openShared = async (url: string, { engine, dataDir, keys, log }: DataOptions): Promise<Data> => {
  const cluster = await openEventStoreDb({
    url,
    replicaFile: eventLogFile(dataDir, engine),
    identityFile: logIdentityFile(dataDir),
    keyFile: keys.file,
    say: (text, fields) => log.warn(fields, text),
  })
  try {
    const keyring = await openClusterKeys({ access: keys, connection: cluster.connection })
    const store = withKeys(cluster, keyring, cluster.replica)
    await refuseUnreadableLog({ store, keyring })
    return { store, keyring, cluster, close: () => closeBoth(store, keyring) }
  } catch (error) {
    await cluster.close()
    throw error
  }
}

const closeBoth = async (store: EventStore, keyring: { close(): void }): Promise<void> => {
  await store.close()
  keyring.close()
}
