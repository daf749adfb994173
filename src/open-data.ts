import { existsSync } from 'node:fs'
import type { EventStore } from '#domain/kernel/event-store.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import type { Checkpoint } from '#infra/eventstoredb/checkpoint.ts'
import type { RotatingKeyring } from '#infra/keys/keyring.ts'
import type { SharedKeyring } from '#infra/keys/shared/keyring.ts'
import { type Engine, isCluster } from './engine.ts'
import { eventLogFile } from './files.ts'
import { type KeyAccess, openKeys } from './keys.ts'
import { refuseOtherKeys } from './keys-fit.ts'
import type { Log } from './log.ts'

/** The log and the keys under which it lies. */
export type Data = {
  readonly store: EventStore
  readonly keyring: RotatingKeyring | SharedKeyring
  /** Where several nodes share them. */
  readonly shared?: {
    readonly logIdentity: string
    checkpoint(name: string): Checkpoint
  }
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
export const openData = async (options: DataOptions): Promise<Data> =>
  isCluster(options.engine) ? (await import('./open-cluster.ts')).openCluster(options) : openOwn(options)

const openOwn = async ({ engine, dataDir, keys }: DataOptions): Promise<Data> => {
  const hadKeys = engine === 'memory' || existsSync(keys.file)
  const keyring = openKeys(keys)
  const store =
    engine === 'memory' ? memoryEventStore() : await openSqliteEventStore({ file: eventLogFile(dataDir) })
  await refuseOtherKeys({ store, keyring, hadKeys, file: keys.file })
  return {
    store,
    keyring,
    async close() {
      await store.close()
      keyring.close()
    },
  }
}
