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
    CREATE TABLE IF NOT EXISTS key (id TEXT PRIMARY KEY, owner TEXT NOT NULL UNIQUE, family TEXT, under TEXT, wrapped BLOB) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS key_family ON key (family);
    CREATE TABLE IF NOT EXISTS shared (family TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (family, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS followed_up_to (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS destroyed (family TEXT PRIMARY KEY, at TEXT NOT NULL, because TEXT NOT NULL) WITHOUT ROWID;
  `)
  return db
}

/** Under which texts are looked up; whether it can be unwrapped says whether this is the right key-encryption key. */
export const indexKeyOf = (
  db: Database.Database,
  keyEncryptionKey: Buffer,
  outermost: ReadonlyMap<string, Buffer>,
): Buffer => {
  const wrapped = encrypt(keyEncryptionKey, randomBytes(KEY_BYTES), '1|index')
  const under = fingerprintOf(keyEncryptionKey)
  db.prepare('INSERT OR IGNORE INTO index_key VALUES (1, ?, ?)').run(under, wrapped)
  const kept = db
    .prepare<[], { under: string; wrapped: Buffer }>('SELECT under, wrapped FROM index_key')
    .get() ?? { under, wrapped }
  try {
    return decrypt(outermost.get(kept.under) ?? keyEncryptionKey, kept.wrapped, '1|index')
  } catch (cause) {
    db.close()
    throw new KeyMissing('the key file was made under another key-encryption key', { cause })
  }
}

/** Tells one key-encryption key from another, and nothing of either. */
export const fingerprintOf = (key: Buffer): string =>
  createHmac('sha256', key).update('which key-encryption key').digest('hex').slice(0, 16)
