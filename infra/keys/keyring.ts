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
/** `under`: which key-encryption key wraps it, by its fingerprint; of a person's key, none: it is wrapped in its family's. */
type Row = {
  readonly id: string
  readonly owner: string
  readonly under: string | null
  readonly wrapped: Buffer | null
}

/** How many keys are remembered at once; a hundred bytes each. */
const REMEMBERED = 50_000

export type RotatingKeyring = Keyring & {
  /**
   * Wraps at most `batch` keys that lie under the previous key-encryption key anew. To be called until it gives 0; when it
   * was interrupted it goes on where it was, and meanwhile both are read.
   */
  rotate(batch?: number): number
}

/**
 * Keys in a SQLite file of their own, each wrapped in the one above it: key-encryption key → family → person.
 * A destroyed key's row stays without the key, so that "erased" is never mistaken for "lost".
 * `keyEncryptionKey`: 32 bytes. `previousKeyEncryptionKey`: what older keys may still be wrapped in, while they are rotated.
 * @throws KeyMissing when the file was made under another one
 */
export const openKeyring = (options: {
  readonly file: string
  readonly keyEncryptionKey: Buffer
  readonly previousKeyEncryptionKey?: Buffer | undefined
  readonly now?: () => string
  readonly lockWaitMs?: number
}): RotatingKeyring => {
  const {
    file,
    keyEncryptionKey,
    previousKeyEncryptionKey,
    now = () => new Date().toISOString(),
    lockWaitMs = 5_000,
  } = options
  const outermost = new Map<string, Buffer>()
  for (const key of [previousKeyEncryptionKey, keyEncryptionKey]) {
    if (!key) continue
    if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`)
    outermost.set(fingerprintOf(key), key)
  }
  const current = fingerprintOf(keyEncryptionKey)
  const db = openFile(file, lockWaitMs)
  const indexKey = indexKeyOf(db, keyEncryptionKey, outermost)
  const byOwner = db.prepare<[string], Row>('SELECT id, owner, under, wrapped FROM key WHERE owner = ?')
  const byId = db.prepare<[string], Row>('SELECT id, owner, under, wrapped FROM key WHERE id = ?')
  const add = db.prepare('INSERT INTO key (id, owner, family, under, wrapped) VALUES (?, ?, ?, ?, ?)')
  const end = db.prepare('UPDATE key SET wrapped = NULL WHERE family = ? AND wrapped IS NOT NULL')
  const note = db.prepare('INSERT OR IGNORE INTO destroyed (family, at, because) VALUES (?, ?, ?)')
  const noted = db.prepare<[string], { at: string; because: string }>(
    'SELECT at, because FROM destroyed WHERE family = ?',
  )
  const done = db.prepare<[], number>('SELECT position FROM erased_up_to').pluck()
  const noteDone = db.prepare(
    'INSERT INTO erased_up_to VALUES (1, ?) ON CONFLICT DO UPDATE SET position = excluded.position',
  )
  const opened = new Map<string, Buffer>()

  const parentOf = (owner: KeyOwner, under: string | null): Buffer => {
    if (owner.kind === 'person') return keyOf({ kind: 'family', familyId: owner.familyId }).key
    const key = outermost.get(under ?? current)
    if (!key) throw new KeyMissing('a key lies under another key-encryption key than the ones given')
    return key
  }

  const unwrap = ({ id, owner, under, wrapped }: Row): Buffer => {
    // First what the file says: another process may have destroyed what is remembered here.
    if (!wrapped) throw new KeyDestroyed('the key was destroyed')
    const known = opened.get(id)
    if (known) return known
    const key = decrypt(parentOf(ownerNamed(owner), under), wrapped, `1|${id}|${owner}`)
    if (opened.size >= REMEMBERED) opened.clear()
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
    const under = owner.kind === 'person' ? null : current
    add.run(id, name, family, under, encrypt(parentOf(owner, under), key, `1|${id}|${name}`))
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
  /** Keys only, never what lies under them: what is sealed stays as it is. */
  const rewrap = db.transaction((rows: readonly Row[]): void => {
    const change = db.prepare('UPDATE key SET wrapped = ?, under = ? WHERE id = ? AND under = ?')
    for (const { id, owner, under, wrapped } of rows) {
      if (!wrapped) continue
      const bound = `1|${id}|${owner}`
      const key = decrypt(parentOf(ownerNamed(owner), under), wrapped, bound)
      change.run(encrypt(keyEncryptionKey, key, bound), current, id, under)
    }
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
    erasedUpTo: () => BigInt(done.get() ?? 0),
    noteErasedUpTo: (position) => void noteDone.run(Number(position)),
    destroyed: (familyId) => noted.get(familyId),
    forget,
    rotate(batch = 500) {
      const rewrapIndex = db.prepare('UPDATE index_key SET wrapped = ?, under = ? WHERE under <> ?')
      rewrapIndex.run(encrypt(keyEncryptionKey, indexKey, '1|index'), current, current)
      const stale = db.prepare<[string, number], Row>(
        'SELECT id, owner, under, wrapped FROM key WHERE under <> ? AND wrapped IS NOT NULL LIMIT ?',
      )
      const rows = stale.all(current, batch)
      rewrap.immediate(rows)
      if (rows.length === batch) return rows.length
      const [checkpoint] = db.pragma('wal_checkpoint(TRUNCATE)') as readonly { busy: number }[]
      if (checkpoint?.busy !== 0) throw new KeyLingers('a reader holds the key file; to be repeated')
      return rows.length
    },
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
    CREATE TABLE IF NOT EXISTS index_key (one INTEGER PRIMARY KEY CHECK (one = 1), under TEXT NOT NULL, wrapped BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS key (id TEXT PRIMARY KEY, owner TEXT NOT NULL UNIQUE, family TEXT, under TEXT, wrapped BLOB) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS key_family ON key (family);
    CREATE TABLE IF NOT EXISTS erased_up_to (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS destroyed (family TEXT PRIMARY KEY, at TEXT NOT NULL, because TEXT NOT NULL) WITHOUT ROWID;
  `)
  return db
}

/** Under which texts are looked up; whether it can be unwrapped says whether this is the right key-encryption key. */
const indexKeyOf = (
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
const fingerprintOf = (key: Buffer): string =>
  createHmac('sha256', key).update('which key-encryption key').digest('hex').slice(0, 16)

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
