import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openKeyring, type RotatingKeyring } from '#infra/keys/keyring.ts'

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
