import { createHmac, randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'
import {
  ERASED,
  KeyDestroyed,
  KeyLingers,
  KeyMissing,
  type KeyOwner,
  type Keyring,
  labelOf,
  type Plain,
  SEAL,
  type SealedLabel,
  UnreadableSecret,
} from '#domain/kernel/keyring.ts'
import { decrypt, encrypt, KEY_BYTES } from './cipher.ts'

type Key = { readonly id: string; readonly key: Buffer }
type Row = { readonly id: string; readonly owner: string; readonly wrapped: Buffer | null }

/**
 * Keys in a SQLite file of their own, each wrapped in the one above it: key-encryption key → family → person.
 * A destroyed key's row stays without the key, so that "erased" is never mistaken for "lost".
 * `keyEncryptionKey`: 32 bytes. @throws KeyMissing when the file was made under another one
 */
export const openKeyring = (options: {
  readonly file: string
  readonly keyEncryptionKey: Buffer
  readonly now?: () => string
  readonly lockWaitMs?: number
}): Keyring => {
  const { file, keyEncryptionKey, now = () => new Date().toISOString(), lockWaitMs = 5_000 } = options
  if (keyEncryptionKey.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`)
  const db = openFile(file, lockWaitMs)
  const indexKey = indexKeyOf(db, keyEncryptionKey)
  const byOwner = db.prepare<[string], Row>('SELECT id, owner, wrapped FROM key WHERE owner = ?')
  const byId = db.prepare<[string], Row>('SELECT id, owner, wrapped FROM key WHERE id = ?')
  const add = db.prepare('INSERT INTO key (id, owner, family, wrapped) VALUES (?, ?, ?, ?)')
  const end = db.prepare('UPDATE key SET wrapped = NULL WHERE family = ? AND wrapped IS NOT NULL')
  const note = db.prepare('INSERT OR IGNORE INTO destroyed (family, at, because) VALUES (?, ?, ?)')
  const noted = db.prepare<[string], { at: string; because: string }>(
    'SELECT at, because FROM destroyed WHERE family = ?',
  )
  const opened = new Map<string, Buffer>()

  const parentOf = (owner: KeyOwner): Buffer =>
    owner.kind === 'person' ? keyOf({ kind: 'family', familyId: owner.familyId }).key : keyEncryptionKey

  const unwrap = ({ id, owner, wrapped }: Row): Buffer => {
    // First what the file says: another process may have destroyed what is remembered here.
    if (!wrapped) throw new KeyDestroyed('the key was destroyed')
    const known = opened.get(id)
    if (known) return known
    const key = decrypt(parentOf(ownerNamed(owner)), wrapped, `1|${id}|${owner}`)
    opened.set(id, key)
    return key
  }

  const find = (owner: KeyOwner): Key | undefined => {
    const row = byOwner.get(nameOf(owner))
    return row && { id: row.id, key: unwrap(row) }
  }

  const make = (owner: KeyOwner): Key => {
    const name = nameOf(owner)
    const family = familyOf(owner)
    if (family !== null && noted.get(family)) throw new KeyDestroyed('the family’s key was destroyed')
    const id = randomBytes(9).toString('base64url')
    const key = randomBytes(KEY_BYTES)
    add.run(id, name, family, encrypt(parentOf(owner), key, `1|${id}|${name}`))
    return { id, key }
  }

  const keyOf = (owner: KeyOwner): Key => find(owner) ?? make(owner)

  // What is made in a transaction that fails is remembered nowhere.
  const makeMissing = db.transaction((values: readonly Plain[]) => values.map(({ owner }) => keyOf(owner)))
  const keysFor = (values: readonly Plain[]): readonly Key[] => {
    const found = values.flatMap(({ owner }) => find(owner) ?? [])
    return found.length === values.length ? found : makeMissing.immediate(values)
  }
  const destroyKeys = db.transaction((familyId: string, because: string): number => {
    note.run(familyId, now(), because)
    return end.run(familyId).changes
  })
  const forget = (familyId: string) => {
    const ids = db.prepare<[string], string>('SELECT id FROM key WHERE family = ?').pluck()
    for (const id of ids.all(familyId)) opened.delete(id)
  }

  return {
    seal(values) {
      const keys = keysFor(values)
      return values.map((value, i) => {
        // One for each value, in their order.
        const { id, key } = keys[i] as Key
        const label = { ...value, keyId: id }
        return `${SEAL}${prefixOf(label)}.${encrypt(key, Buffer.from(value.text), prefixOf(label)).toString('base64url')}`
      })
    },
    open(sealed) {
      const label = labelOf(sealed)
      const row = byId.get(label.keyId)
      if (!row) throw new KeyMissing(`there is no key ${label.keyId}: is this the key file of this log?`)
      if (!row.wrapped) return ERASED
      const secret = sealed.slice(sealed.lastIndexOf('.') + 1)
      const bytes = Buffer.from(secret, 'base64url')
      if (bytes.toString('base64url') !== secret) throw new UnreadableSecret('altered')
      return decrypt(unwrap(row), bytes, prefixOf(label)).toString()
    },
    ownerOf(keyId) {
      const row = byId.get(keyId)
      return row?.wrapped ? ownerNamed(row.owner) : undefined
    },
    blind: (text) => createHmac('sha256', indexKey).update(text).digest('base64url'),
    destroy({ familyId, because }) {
      forget(familyId)
      const count = destroyKeys.immediate(familyId, because)
      // The bytes would otherwise stay in the WAL (measured; `secure_delete` sees to the file itself).
      const [checkpoint] = db.pragma('wal_checkpoint(TRUNCATE)') as readonly { busy: number }[]
      if (checkpoint?.busy !== 0) throw new KeyLingers('a reader holds the key file; to be repeated')
      return count
    },
    destroyed: (familyId) => noted.get(familyId),
    forget,
    close() {
      opened.clear()
      db.close()
    },
  }
}

const openFile = (file: string, lockWaitMs: number): Database.Database => {
  const db = new Database(file, { timeout: lockWaitMs })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('secure_delete = ON')
  db.exec(`
    CREATE TABLE IF NOT EXISTS index_key (one INTEGER PRIMARY KEY CHECK (one = 1), wrapped BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS key (id TEXT PRIMARY KEY, owner TEXT NOT NULL UNIQUE, family TEXT, wrapped BLOB) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS key_family ON key (family);
    CREATE TABLE IF NOT EXISTS destroyed (family TEXT PRIMARY KEY, at TEXT NOT NULL, because TEXT NOT NULL) WITHOUT ROWID;
  `)
  return db
}

/** Under which texts are looked up; whether it can be unwrapped says whether this is the right key-encryption key. */
const indexKeyOf = (db: Database.Database, keyEncryptionKey: Buffer): Buffer => {
  const wrapped = encrypt(keyEncryptionKey, randomBytes(KEY_BYTES), '1|index')
  db.prepare('INSERT OR IGNORE INTO index_key VALUES (1, ?)').run(wrapped)
  const kept = db.prepare<[], Buffer>('SELECT wrapped FROM index_key').pluck().get() ?? wrapped
  try {
    return decrypt(keyEncryptionKey, kept, '1|index')
  } catch (cause) {
    db.close()
    throw new KeyMissing('the key file was made under another key-encryption key', { cause })
  }
}

const prefixOf = ({ dataClass, keyId, eventId, field }: SealedLabel): string =>
  `1.${dataClass}.${keyId}.${eventId}.${encodeURIComponent(field).replaceAll('.', '%2E')}`

const familyOf = (owner: KeyOwner): string | null => ('familyId' in owner ? owner.familyId : null)
const nameOf = (owner: KeyOwner): string => JSON.stringify(Object.values(owner))
const ownerNamed = (name: string): KeyOwner => {
  const [kind, first, second] = JSON.parse(name)
  if (kind === 'family') return { kind, familyId: first }
  if (kind === 'person') return { kind, familyId: first, personId: second }
  return kind === 'staff' ? { kind, staffId: first } : { kind: 'stream', stream: first }
}
