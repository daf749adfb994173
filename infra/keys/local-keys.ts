import { createHmac, randomBytes } from 'node:crypto'
import type Database from 'better-sqlite3'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import {
  ERASED,
  KeyDestroyed,
  KeyLingers,
  KeyMissing,
  type KeyOwner,
  labelOf,
  type Plain,
  SEAL,
  type SealedLabel,
  UnreadableSecret,
} from '#domain/kernel/keyring.ts'
import { decrypt, encrypt, KEY_BYTES } from './cipher.ts'
import { fingerprintOf, indexKeyOf, isCopy, outermostKeys } from './key-file.ts'
import { boundTo, familyOf, nameOf, OF_FAMILY, ownerNamed, ROW, type Row, type Wrapped } from './row.ts'

type Key = { readonly id: string; readonly key: Buffer }

/** How many keys are remembered at once; a hundred bytes each. */
const REMEMBERED = 50_000

export type LocalKeys = ReturnType<typeof localKeys>

/**
 * The keys in one SQLite file, each wrapped in the one above it: key-encryption key → family → person or stream.
 * A destroyed key's row stays without the key, so that "erased" is never mistaken for "lost". Where the file is a copy of what
 * the nodes of a cluster share, nothing is made here that is not there first.
 */
export const localKeys = (
  db: Database.Database,
  options: {
    readonly keyEncryptionKey: Buffer
    readonly previousKeyEncryptionKey?: Buffer | undefined
    readonly now?: (() => string) | undefined
  },
) => {
  const { keyEncryptionKey, now = () => new Date().toISOString() } = options
  const outermost = outermostKeys(options)
  const current = fingerprintOf(keyEncryptionKey)
  const makesKeys = !isCopy(db)
  const indexKey = indexKeyOf(db, keyEncryptionKey, outermost)
  // Nodes of a cluster that race may make two for one stream: either will do, and both are opened.
  const byOwner = db.prepare<[string], Row>(`${ROW} WHERE owner = ? ORDER BY id`)
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

  /** `familyKey`: where it is not in the file yet. */
  const draft = (owner: KeyOwner, familyKey?: Buffer): { readonly row: Wrapped; readonly key: Buffer } => {
    const name = nameOf(owner)
    const family = familyOf(owner)
    refuseErased(family)
    const id = randomBytes(9).toString('base64url')
    const key = randomBytes(KEY_BYTES)
    const under = family !== null && owner.kind !== 'family' ? null : current
    const parent = under === null && familyKey ? familyKey : parentOf(family, under)
    const wrapped = encrypt(parent, key, boundTo({ id, owner: name }))
    return { row: { id, owner: name, family, under, wrapped }, key }
  }

  const make = (owner: KeyOwner): Key => {
    if (!makesKeys) throw new StoreUnavailable('the key is not on the cluster yet, or no longer')
    const { row, key } = draft(owner)
    add.run(row.id, row.owner, row.family, row.under, row.wrapped)
    return { id: row.id, key }
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
  const isOf = ({ id, family }: Pick<Row, 'id' | 'family'>, familyId: string): boolean =>
    family === familyId || shared.get(familyId, id) !== undefined
  const underFamily = (row: Row, familyId: string, familyKey?: Buffer): Wrapped => ({
    ...row,
    family: familyId,
    under: null,
    wrapped: encrypt(familyKey ?? parentOf(familyId, null), unwrap(row), boundTo(row)),
  })
  /** Under the first family, or beside it. */
  const putUnder = db.transaction((stream: string, familyId: string): void => {
    const move = db.prepare('UPDATE key SET wrapped = ?, family = ?, under = NULL WHERE id = ?')
    for (const row of byOwner.all(nameOf({ kind: 'stream', stream }))) {
      if (isOf(row, familyId)) continue
      if (row.family !== null || noted.get(familyId)) share.run(familyId, row.id)
      else move.run(underFamily(row, familyId).wrapped, familyId, row.id)
    }
  })
  /** Keys only, never what lies under them: what is sealed stays as it is. */
  const rewrapped = <R extends Wrapped>(row: R): R => {
    const bound = boundTo(row)
    const key = decrypt(parentOf(row.family, row.under), row.wrapped, bound)
    return { ...row, under: current, wrapped: encrypt(keyEncryptionKey, key, bound) }
  }
  const rewrap = db.transaction((rows: readonly Wrapped[]): void => {
    const change = db.prepare('UPDATE key SET wrapped = ?, under = ? WHERE id = ? AND under = ?')
    for (const row of rows) change.run(rewrapped(row).wrapped, current, row.id, row.under)
  })
  const forget = (familyId: string) => {
    const ids = db.prepare<{ familyId: string }, string>(`SELECT id FROM key WHERE ${OF_FAMILY}`).pluck()
    for (const id of ids.all({ familyId })) opened.delete(id)
  }
  /** Nothing of what was written over is left beside the file. @throws KeyLingers */
  const truncate = (): void => {
    // The bytes would otherwise stay in the WAL (measured; `secure_delete` sees to the file itself).
    const [checkpoint] = db.pragma('wal_checkpoint(TRUNCATE)') as readonly { busy: number }[]
    if (checkpoint?.busy !== 0) throw new KeyLingers('a reader holds the key file; to be repeated')
  }

  return {
    current,
    seal(values: readonly Plain[]): readonly string[] {
      const keys = keysFor(values)
      return values.map((value, i) => {
        // One for each value, in their order.
        const { id, key } = keys[i] as Key
        const label = { ...value, keyId: id }
        return `${SEAL}${prefixOf(label)}.${encrypt(key, Buffer.from(value.text), prefixOf(label)).toString('base64url')}`
      })
    },
    open(sealed: string): string | typeof ERASED {
      const key = keyNamed(labelOf(sealed).keyId)
      if (!key) return ERASED
      const end = sealed.lastIndexOf('.')
      const secret = sealed.slice(end + 1)
      const bytes = Buffer.from(secret, 'base64url')
      if (bytes.toString('base64url') !== secret) throw new UnreadableSecret('altered')
      // Bound to its label letter by letter: another way to write the same label is not what was sealed.
      return decrypt(key, bytes, sealed.slice(SEAL.length, end)).toString()
    },
    atOnce<T>(work: () => T): T {
      const outer = seen
      seen ??= new Set()
      try {
        return work()
      } finally {
        seen = outer
      }
    },
    ownerOf(keyId: string): KeyOwner | undefined {
      const row = byId.get(keyId)
      return row?.wrapped ? ownerNamed(row.owner) : undefined
    },
    blind: (text: string): string => createHmac('sha256', indexKey).update(text).digest('base64url'),
    adopt(stream: string, familyId: string): boolean {
      const rows = byOwner.all(nameOf({ kind: 'stream', stream }))
      if (rows.length === 0) return false
      if (!rows.every((row) => isOf(row, familyId))) putUnder.immediate(stream, familyId)
      return noted.get(familyId) !== undefined
    },
    destroy({ familyId, because }: { readonly familyId: string; readonly because: string }): number {
      forget(familyId)
      const count = destroyKeys.immediate(familyId, because)
      truncate()
      return count
    },
    erasedUpTo: (): bigint => BigInt(done.get() ?? 0),
    noteErasedUpTo: (position: bigint): void => void noteDone.run(Number(position)),
    logEndsAt: (position: bigint): void =>
      void db.prepare('UPDATE followed_up_to SET position = min(position, ?)').run(Number(position)),
    destroyed: (familyId: string) => noted.get(familyId),
    forget,
    rotate(batch = 500): number {
      const rewrapIndex = db.prepare('UPDATE index_key SET wrapped = ?, under = ? WHERE under <> ?')
      rewrapIndex.run(encrypt(keyEncryptionKey, indexKey, '1|index'), current, current)
      const stale = db.prepare<[string, number], Wrapped>(
        `${ROW} WHERE under <> ? AND wrapped IS NOT NULL LIMIT ?`,
      )
      const rows = stale.all(current, batch)
      rewrap.immediate(rows)
      if (rows.length < batch) truncate()
      return rows.length
    },
    /** Nothing has to be made before this owner's words are sealed. @throws KeyDestroyed */
    has: (owner: KeyOwner): boolean => {
      refuseErased(familyOf(owner))
      return find(owner) !== undefined
    },
    knows: (keyId: string): boolean => isThere.get(keyId) !== undefined,
    /** Keys for these, wrapped, which are in no file yet; with them the family's, where it has none. @throws KeyDestroyed */
    drafts(owners: readonly KeyOwner[]): readonly Wrapped[] {
      const families = new Map<string, { readonly row: Wrapped; readonly key: Buffer }>()
      const rows = new Map<string, Wrapped>()
      const familyKey = (familyId: string): Buffer | undefined => {
        const owner = { kind: 'family', familyId } as const
        if (find(owner)) return undefined
        const made = families.get(familyId) ?? draft(owner)
        families.set(familyId, made)
        return made.key
      }
      for (const owner of owners) {
        const family = familyOf(owner)
        const parent = family === null ? undefined : familyKey(family)
        if (owner.kind !== 'family' && !rows.has(nameOf(owner)))
          rows.set(nameOf(owner), draft(owner, parent).row)
      }
      return [...[...families.values()].map(({ row }) => row), ...rows.values()]
    },
    ofStream: (stream: string): readonly Row[] => byOwner.all(nameOf({ kind: 'stream', stream })),
    /** Its own, and those that end with it; also what is left of destroyed ones. */
    ofFamily: (familyId: string): readonly Row[] =>
      db.prepare<{ familyId: string }, Row>(`${ROW} WHERE ${OF_FAMILY}`).all({ familyId }),
    /** All that are there. */
    all: (): readonly Wrapped[] =>
      db.prepare<[], Wrapped>(`${ROW} WHERE wrapped IS NOT NULL ORDER BY id`).all(),
    /** Undefined: it is not known, or destroyed. */
    wrapped(keyId: string): Wrapped | undefined {
      const row = byId.get(keyId)
      return row?.wrapped ? { ...row, wrapped: row.wrapped } : undefined
    },
    isGone: (keyId: string): boolean => isThere.get(keyId) === 0,
    familyDraft: (familyId: string) => draft({ kind: 'family', familyId }),
    isOf,
    share: (familyId: string, keyId: string): void => void share.run(familyId, keyId),
    underFamily,
    rewrapped,
    rewrappedIndex: (): Buffer => encrypt(keyEncryptionKey, indexKey, '1|index'),
    truncate,
    close() {
      opened.clear()
      db.close()
    },
  }
}

const prefixOf = ({ dataClass, keyId, eventId, field }: SealedLabel): string =>
  `1.${dataClass}.${keyId}.${eventId}.${encodeURIComponent(field).replaceAll('.', '%2E')}`

/** What a keyring does with the file alone, whoever else has the keys; the rest depends on that. */
export const withoutAsking = (local: LocalKeys) => ({
  seal: local.seal,
  open: local.open,
  atOnce: local.atOnce,
  ownerOf: local.ownerOf,
  blind: local.blind,
  erasedUpTo: local.erasedUpTo,
  noteErasedUpTo: local.noteErasedUpTo,
  logEndsAt: local.logEndsAt,
  destroyed: local.destroyed,
  forget: local.forget,
  close: local.close,
})
