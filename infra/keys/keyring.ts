import type { Keyring } from '#domain/kernel/keyring.ts'
import { isCopy, openFile } from './key-file.ts'
import { localKeys, withoutAsking } from './local-keys.ts'

export type RotatingKeyring = Keyring & {
  /**
   * Wraps at most `batch` keys that lie under the previous key-encryption key anew. To be called until it gives 0; when it
   * was interrupted it goes on where it was, and meanwhile both are read.
   */
  rotate(batch?: number): number
}

export type KeyringOptions = {
  readonly file: string
  /** 32 bytes. */
  readonly keyEncryptionKey: Buffer
  /** What older keys may still be wrapped in, while they are rotated. */
  readonly previousKeyEncryptionKey?: Buffer | undefined
  readonly now?: () => string
  readonly lockWaitMs?: number
}

/**
 * Keys in a SQLite file of their own. Of one that is a cluster's copy nothing can be made or destroyed with it, only read:
 * another thread of the node does that.
 * @throws KeyMissing when the file was made under another key-encryption key
 */
export const openKeyring = ({ file, lockWaitMs = 5_000, ...keys }: KeyringOptions): RotatingKeyring => {
  const db = openFile(file, lockWaitMs)
  const local = localKeys(db, keys)
  const refuseCopy = () => {
    if (isCopy(db))
      throw new Error(`${file} is a copy of the cluster’s keys, which are changed on the cluster`)
  }
  return {
    ...withoutAsking(local),
    // `seal` makes what is missing.
    provide: async () => undefined,
    async adopt(stream, familyId) {
      refuseCopy()
      return local.adopt(stream, familyId)
    },
    async destroy(family) {
      refuseCopy()
      return local.destroy(family)
    },
    rotate(batch) {
      refuseCopy()
      return local.rotate(batch)
    },
  }
}
