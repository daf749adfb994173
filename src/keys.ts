import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KeyMissing } from '#domain/kernel/keyring.ts'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import { openKeyring, type RotatingKeyring } from '#infra/keys/keyring.ts'
import { openSharedKeyring, type SharedKeyring } from '#infra/keys/shared/keyring.ts'
import { KeysDoNotFit } from './keys-fit.ts'

/** What another thread needs to open the same keyring. */
export type KeyAccess = {
  readonly file: string
  readonly keyEncryptionKey: Buffer
  readonly previousKeyEncryptionKey?: Buffer | undefined
}

export const keyFile = (dataDir: string): string => join(dataDir, 'keys.db')

/** For development and demonstrations only: a key beside the data it protects protects from little. */
export const devKeyFile = (dataDir: string): string => join(dataDir, 'dev-key-encryption-key')

/** `current`, `previous`: 32 bytes in base64, from the environment. Without one, a file of this data directory's own. */
export const keyAccess = (dataDir: string, current?: string, previous?: string): KeyAccess => ({
  file: keyFile(dataDir),
  keyEncryptionKey: Buffer.from(current ?? devKey(dataDir), 'base64'),
  ...(previous !== undefined && { previousKeyEncryptionKey: Buffer.from(previous, 'base64') }),
})

const devKey = (dataDir: string): string => {
  const file = devKeyFile(dataDir)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  if (!existsSync(file)) putInPlace(file, randomBytes(32).toString('base64'))
  return readFileSync(file, 'utf8')
}

/** Whole or not at all, and never over one that another process has just put there. */
const putInPlace = (file: string, text: string): void => {
  const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}

export const openKeys = (access: KeyAccess): RotatingKeyring => openKeyring(access)

/**
 * The keys that the nodes of a cluster share; `access.file` is this node's copy of them, which may be missing. It is as new as the
 * server's when this resolves; what comes later is kept by the event store that was opened with the same `keyFile`.
 * @throws KeysDoNotFit      they lie under another key-encryption key, or the file is no copy of them
 * @throws StoreUnavailable  the server does not answer
 */
export const openClusterKeys = async (options: {
  readonly access: KeyAccess
  readonly connection: Connection
}): Promise<SharedKeyring> => {
  const { access, connection } = options
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
