import { KeyMissing } from '#domain/kernel/keyring.ts'
import { openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { checkpointOf } from '#infra/eventstoredb/checkpoint.ts'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import { openSharedKeyring, type SharedKeyring } from '#infra/keys/shared/keyring.ts'
import { withKeys } from '#infra/keys/shared/with-keys.ts'
import type { Data, DataOptions } from './data.ts'
import { eventLogFile } from './files.ts'
import type { KeyAccess } from './keys.ts'
import { KeysDoNotFit, refuseUnreadableLog } from './keys-fit.ts'

/** Loaded only for a cluster: one machine's program starts without the client and all that it needs. */
export const openCluster = async (options: DataOptions): Promise<Data> => {
  const { engine, dataDir, keys, log } = options
  const cluster = await openEventStoreDb({
    url: engine,
    replicaFile: eventLogFile(dataDir, engine),
    keyFile: keys.file,
    say: (text, fields) => log.warn(fields, text),
  })
  let keyring: SharedKeyring | undefined
  try {
    const opened = await openClusterKeys(keys, cluster.connection)
    keyring = opened
    const store = withKeys(cluster, opened, cluster.replica)
    await refuseUnreadableLog({ store, keyring: opened })
    return {
      store,
      keyring: opened,
      shared: {
        logIdentity: cluster.identity,
        checkpoint: (name) => checkpointOf(cluster.connection, name),
      },
      async close() {
        await store.close()
        opened.close()
      },
    }
  } catch (error) {
    await cluster.close()
    keyring?.close()
    throw error
  }
}

/**
 * The keys that the nodes of a cluster share; `access.file` is this node's copy of them, which may be missing. It is as new as the
 * server's when this resolves; what comes later is kept by the event store that was opened with the same `keyFile`.
 * @throws KeysDoNotFit      they lie under another key-encryption key, or the file is no copy of them
 * @throws StoreUnavailable  the server does not answer
 */
const openClusterKeys = async (access: KeyAccess, connection: Connection): Promise<SharedKeyring> => {
  try {
    return await openSharedKeyring({ ...access, connection })
  } catch (error) {
    if (!(error instanceof KeyMissing)) throw error
    throw new KeysDoNotFit(
      `the cluster’s keys cannot be used here (${error.message}): give KEY_ENCRYPTION_KEY as the other nodes have it; ${access.file} is only a copy and may be taken away (docs/keys.md)`,
      { cause: error },
    )
  }
}
