import { createHmac, randomBytes } from 'node:crypto'
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
import { fingerprintOf, indexKeyOf, openFile } from './key-file.ts'

type Key = { readonly id: string; readonly key: Buffer }
/** `under`: which key-encryption key wraps it, by its fingerprint; none: it is wrapped in the key of its family. */
type Row = {
  readonly id: string
  readonly owner: string
  readonly family: string | null
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
 * Keys in a SQLite file of their own, each wrapped in the one above it: key-encryption key → family → person or stream.
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
  const byOwner = db.prepare<[string], Row>(`${ROW} WHERE owner = ?`)
  const byId = db.prepare<[string], Row>(`${ROW} WHERE id = ?`)
  const isThere = db.prepare<[string], number>('SELECT wrapped IS NOT NULL FROM key WHERE id = ?').pluck()
  const add = db.prepare('INSERT INTO key (id, owner, family, under, wrapped) VALUES (?, ?, ?, ?, ?)')
  // A stream outlives its key, it may be another family's by then: so the destroyed one leaves the name free.
  const end = db.prepare<{ familyId: string }>(
    `UPDATE key SET wrapped = NULL, owner = iif(owner ->> 0 = 'stream', owner || id, owner)
     WHERE ${OF_FAMILY} AND wrapped IS NOT NULL`,
  )
  const share = db.prepare('INSERT OR IGNORE INTO shared (family, key) VALUES (?, ?)')
  const shared = db
    .prepare<[string, string], number>('SELECT 1 FROM shared WHERE family = ? AND key = ?')
    .pluck()
  const note = db.prepare('INSERT OR IGNORE INTO destroyed (family, at, because) VALUES (?, ?, ?)')
  const noted = db.prepare<[string], { at: string; because: string }>(
    'SELECT at, because FROM destroyed WHERE family = ?',
  )
  const done = db.prepare<[], number>('SELECT position FROM followed_up_to').pluck()
  const noteDone = db.prepare(
    'INSERT INTO followed_up_to VALUES (1, ?) ON CONFLICT DO UPDATE SET position = max(position, excluded.position)',
  )
  const opened = new Map<string, Buffer>()
  /** Keys that were there when `atOnce` first asked; none outside of it. */
  let seen: Set<string> | undefined

  const parentOf = (family: string | null, under: string | null): Buffer => {
    if (family !== null && under === null) return keyOf({ kind: 'family', familyId: family }).key
    const key = outermost.get(under ?? current)
    if (!key) throw new KeyMissing('a key lies under another key-encryption key than the ones given')
    return key
  }

  const unwrap = ({ id, owner, family, under, wrapped }: Row): Buffer => {
    // First what the file says: another process may have destroyed what is remembered here.
    if (!wrapped) throw new KeyDestroyed('the key was destroyed')
    const known = opened.get(id)
    if (known) return known
    const key = decrypt(parentOf(family, under), wrapped, boundTo({ id, owner }))
    if (opened.size >= REMEMBERED) opened.clear()
    opened.set(id, key)
    return key
  }

  const refuseErased = (family: string | null): void => {
    if (family !== null && noted.get(family)) throw new KeyDestroyed('the family’s key was destroyed')
  }

  /** Undefined: it was destroyed. The file is asked every time, but a key that is remembered is not read from it again. */
  const keyNamed = (id: string): Buffer | undefined => {
    const known = opened.get(id)
    if (known && (seen?.has(id) || isThere.get(id) === 1)) {
      seen?.add(id)
      return known
    }
    const row = byId.get(id)
    if (!row) throw new KeyMissing(`there is no key ${id}: is this the key file of this log?`)
    return row.wrapped ? unwrap(row) : undefined
  }

  const find = (owner: KeyOwner): Key | undefined => {
    // It may not be known yet that the stream is that family's.
    if (owner.kind === 'stream') refuseErased(familyOf(owner))
    const row = byOwner.get(nameOf(owner))
    return row && { id: row.id, key: unwrap(row) }
  }

  const make = (owner: KeyOwner): Key => {
    const name = nameOf(owner)
    const family = familyOf(owner)
    refuseErased(family)
    const id = randomBytes(9).toString('base64url')
    const key = randomBytes(KEY_BYTES)
    const under = family !== null && owner.kind !== 'family' ? null : current
    add.run(id, name, family, under, encrypt(parentOf(family, under), key, boundTo({ id, owner: name })))
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
    return end.run({ familyId }).changes
  })
  const isOf = ({ id, family }: Row, familyId: string): boolean =>
    family === familyId || shared.get(familyId, id) !== undefined
  /** Under the first family, or beside it. */
  const putUnder = db.transaction((stream: string, familyId: string): void => {
    const row = byOwner.get(nameOf({ kind: 'stream', stream }))
    if (!row) return
    if (row.family !== null || noted.get(familyId)) return void share.run(familyId, row.id)
    const move = db.prepare('UPDATE key SET wrapped = ?, family = ?, under = NULL WHERE id = ?')
    move.run(encrypt(parentOf(familyId, null), unwrap(row), boundTo(row)), familyId, row.id)
  })
  /** Keys only, never what lies under them: what is sealed stays as it is. */
  const rewrap = db.transaction((rows: readonly Row[]): void => {
    const change = db.prepare('UPDATE key SET wrapped = ?, under = ? WHERE id = ? AND under = ?')
    for (const { id, owner, family, under, wrapped } of rows) {
      if (!wrapped) continue
      const bound = boundTo({ id, owner })
      const key = decrypt(parentOf(family, under), wrapped, bound)
      change.run(encrypt(keyEncryptionKey, key, bound), current, id, under)
    }
  })
  const forget = (familyId: string) => {
    const ids = db.prepare<{ familyId: string }, string>(`SELECT id FROM key WHERE ${OF_FAMILY}`).pluck()
    for (const id of ids.all({ familyId })) opened.delete(id)
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
      const key = keyNamed(labelOf(sealed).keyId)
      if (!key) return ERASED
      const end = sealed.lastIndexOf('.')
      const secret = sealed.slice(end + 1)
      const bytes = Buffer.from(secret, 'base64url')
      if (bytes.toString('base64url') !== secret) throw new UnreadableSecret('altered')
      // Bound to its label letter by letter: another way to write the same label is not what was sealed.
      return decrypt(key, bytes, sealed.slice(SEAL.length, end)).toString()
    },
    atOnce(work) {
      const outer = seen
      seen ??= new Set()
      try {
        return work()
      } finally {
        seen = outer
      }
    },
    ownerOf(keyId) {
      const row = byId.get(keyId)
      return row?.wrapped ? ownerNamed(row.owner) : undefined
    },
    blind: (text) => createHmac('sha256', indexKey).update(text).digest('base64url'),
    adopt(stream, familyId) {
      const row = byOwner.get(nameOf({ kind: 'stream', stream }))
      if (!row) return false
      if (!isOf(row, familyId)) putUnder.immediate(stream, familyId)
      return noted.get(familyId) !== undefined
    },
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
        `${ROW} WHERE under <> ? AND wrapped IS NOT NULL LIMIT ?`,
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

const prefixOf = ({ dataClass, keyId, eventId, field }: SealedLabel): string =>
  `1.${dataClass}.${keyId}.${eventId}.${encodeURIComponent(field).replaceAll('.', '%2E')}`

const ROW = 'SELECT id, owner, family, under, wrapped FROM key'
const OF_FAMILY = '(family = @familyId OR id IN (SELECT key FROM shared WHERE family = @familyId))'

const boundTo = ({ id, owner }: Pick<Row, 'id' | 'owner'>): string => `1|${id}|${owner}`
const familyOf = (owner: KeyOwner): string | null => ('familyId' in owner ? (owner.familyId ?? null) : null)
/** A stream's family may change, its name does not. */
const nameOf = (owner: KeyOwner): string =>
  JSON.stringify(owner.kind === 'stream' ? [owner.kind, owner.stream] : Object.values(owner))
const ownerNamed = (name: string): KeyOwner => {
  const [kind, first, second] = JSON.parse(name)
  if (kind === 'family') return { kind, familyId: first }
  if (kind === 'person') return { kind, familyId: first, personId: second }
  return kind === 'staff' ? { kind, staffId: first } : { kind: 'stream', stream: first }
}
