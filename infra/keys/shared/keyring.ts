import type { Keyring } from '#domain/kernel/keyring.ts'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import type { KeyringOptions } from '../keyring.ts'
import { localKeys, withoutAsking } from '../local-keys.ts'
import { adopter } from './adopt.ts'
import { keyCopy, openCopyFile } from './copy.ts'
import { destroyer } from './destroy.ts'
import { fillKeys } from './fill.ts'
import { shareIndexKey } from './index-key.ts'
import { provider } from './provide.ts'
import { rotator } from './rotate.ts'
import { keyStreams } from './streams.ts'

export type SharedKeyring = Keyring & {
  /** Whether the key is in the copy here, or is known to have been destroyed. */
  knows(keyId: string): boolean
  /** As `RotatingKeyring`'s, for the whole cluster. @throws StoreUnavailable to be repeated */
  rotate(batch?: number): Promise<number>
}

/**
 * Keys that several nodes share: wrapped, in streams beside the log that they share, and in a copy on each node (`file`) from
 * which it seals and opens. A key is on the cluster before anything lies under it. The copy is kept by the thread that copies
 * the log (`followKeys`); here it is brought up to date once, before anybody reads.
 * @throws KeyMissing        the cluster's keys were made under another key-encryption key, or the file is not its copy
 * @throws StoreUnavailable  the server does not answer
 */
export const openSharedKeyring = async (
  options: KeyringOptions & { readonly connection: Connection },
): Promise<SharedKeyring> => {
  const { file, lockWaitMs = 5_000, connection, now = () => new Date().toISOString(), ...keys } = options
  const db = openCopyFile(file, lockWaitMs)
  const streams = keyStreams(connection)
  const copy = keyCopy(db)
  try {
    await shareIndexKey(streams, copy, keys)
    await fillKeys(connection, copy)
  } catch (error) {
    db.close()
    throw error
  }
  const local = localKeys(db, keys)
  const parts = { streams, copy, local }
  return {
    ...withoutAsking(local),
    knows: local.knows,
    provide: provider(parts),
    adopt: adopter(parts),
    destroy: destroyer({ ...parts, now }),
    rotate: rotator({ ...parts, connection }),
  }
}
