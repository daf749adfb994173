import { createHmac, randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'
import { KeyMissing } from '#domain/kernel/keyring.ts'
import { decrypt, encrypt, KEY_BYTES } from './cipher.ts'

export const openFile = (file: string, lockWaitMs: number): Database.Database => {
  const db = new Database(file, { timeout: lockWaitMs })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('secure_delete = ON')
  db.exec(`
    CREATE TABLE IF NOT EXISTS index_key (one INTEGER PRIMARY KEY CHECK (one = 1), under TEXT NOT NULL, wrapped BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS key (id TEXT PRIMARY KEY, owner TEXT NOT NULL, family TEXT, under TEXT, wrapped BLOB) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS key_owner ON key (owner);
    CREATE INDEX IF NOT EXISTS key_family ON key (family);
    CREATE TABLE IF NOT EXISTS shared (family TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (family, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS followed_up_to (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS destroyed (family TEXT PRIMARY KEY, at TEXT NOT NULL, because TEXT NOT NULL) WITHOUT ROWID;
  `)
  return db
}

/** Whether the file is a node's copy of the keys of a cluster (`shared/copy.ts` makes it one). */
export const isCopy = (db: Database.Database): boolean =>
  db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'copied_up_to'").get() !== undefined

/** By fingerprint. */
export const outermostKeys = (keys: {
  readonly keyEncryptionKey: Buffer
  readonly previousKeyEncryptionKey?: Buffer | undefined
}): ReadonlyMap<string, Buffer> => {
  const outermost = new Map<string, Buffer>()
  for (const key of [keys.previousKeyEncryptionKey, keys.keyEncryptionKey]) {
    if (!key) continue
    if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`)
    outermost.set(fingerprintOf(key), key)
  }
  return outermost
}

type WrappedIndexKey = { readonly under: string; readonly wrapped: Buffer }

export const newIndexKey = (keyEncryptionKey: Buffer): WrappedIndexKey => ({
  under: fingerprintOf(keyEncryptionKey),
  wrapped: encrypt(keyEncryptionKey, randomBytes(KEY_BYTES), '1|index'),
})

export const keptIndexKey = (db: Database.Database): WrappedIndexKey | undefined =>
  db.prepare<[], WrappedIndexKey>('SELECT under, wrapped FROM index_key').get()

/** Under which texts are looked up; whether it can be unwrapped says whether this is the right key-encryption key. */
export const indexKeyOf = (
  db: Database.Database,
  keyEncryptionKey: Buffer,
  outermost: ReadonlyMap<string, Buffer>,
): Buffer => {
  try {
    if (!isCopy(db)) {
      const { under, wrapped } = newIndexKey(keyEncryptionKey)
      db.prepare('INSERT OR IGNORE INTO index_key VALUES (1, ?, ?)').run(under, wrapped)
    }
    const kept = keptIndexKey(db)
    if (!kept) throw new KeyMissing('the copy of the cluster’s keys has not been filled yet')
    return unwrapIndexKey(kept, keyEncryptionKey, outermost)
  } catch (error) {
    db.close()
    throw error
  }
}

/** @throws KeyMissing */
export const unwrapIndexKey = (
  { under, wrapped }: WrappedIndexKey,
  keyEncryptionKey: Buffer,
  outermost: ReadonlyMap<string, Buffer>,
): Buffer => {
  try {
    return decrypt(outermost.get(under) ?? keyEncryptionKey, wrapped, '1|index')
  } catch (cause) {
    throw new KeyMissing('the key file was made under another key-encryption key', { cause })
  }
}

/** Tells one key-encryption key from another, and nothing of either. */
export const fingerprintOf = (key: Buffer): string =>
  createHmac('sha256', key).update('which key-encryption key').digest('hex').slice(0, 16)
