import { existsSync } from 'node:fs'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import type { Data, DataOptions } from './data.ts'
import { isCluster } from './engine.ts'
import { eventLogFile } from './files.ts'
import { openKeys } from './keys.ts'
import { refuseOtherKeys } from './keys-fit.ts'
import { refuseOlderLog } from './log-fits.ts'
import { refuseUnfinishedMove } from './unfinished-move.ts'

/**
 * @throws KeysDoNotFit    the log does not lie under these keys
 * @throws LogDiffers      beside it lies what was made from another log, or from more of it than there is
 * @throws MoveUnfinished  the log is being moved here
 */
export const openData = async (options: DataOptions): Promise<Data> => {
  refuseUnfinishedMove(options.dataDir)
  return isCluster(options.engine)
    ? (await import('./open-cluster.ts')).openCluster(options)
    : openOwn(options)
}

const openOwn = async ({ engine, dataDir, keys }: DataOptions): Promise<Data> => {
  const hadKeys = engine === 'memory' || existsSync(keys.file)
  const keyring = openKeys(keys)
  const store =
    engine === 'memory' ? memoryEventStore() : await openSqliteEventStore({ file: eventLogFile(dataDir) })
  await refuseOtherKeys({ store, keyring, hadKeys, file: keys.file })
  const close = async () => {
    await store.close()
    keyring.close()
  }
  if (engine === 'sqlite')
    await refuseOlderLog({ store, keyring, dataDir }).catch(async (error: unknown) => {
      await close()
      throw error
    })
  return { store, keyring, close }
}
