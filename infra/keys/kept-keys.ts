import type Database from 'better-sqlite3'
import { fingerprintOf, keptIndexKey, outermostKeys, unwrapIndexKey } from './key-file.ts'
import type { Row } from './row.ts'

/** All keys of a log as they are kept, wrapped: what is moved where the log is moved. */
export type KeptKeys = {
  readonly index: { readonly under: string; readonly wrapped: Buffer }
  /** Those that were destroyed, too. */
  readonly keys: readonly Row[]
  readonly shared: readonly Shared[]
  readonly destroyed: readonly DestroyedFamily[]
}
export type Shared = { readonly family: string; readonly key: string }
export type DestroyedFamily = { readonly family: string; readonly at: string; readonly because: string }

export type KeyEncryptionKeys = {
  readonly keyEncryptionKey: Buffer
  readonly previousKeyEncryptionKey?: Buffer | undefined
}

/** Undefined: no key has been made in this file. */
export const readKeys = (db: Database.Database): KeptKeys | undefined => {
  const index = keptIndexKey(db)
  return (
    index && {
      index,
      keys: db.prepare<[], Row>('SELECT id, owner, family, under, wrapped FROM key ORDER BY id').all(),
      shared: db.prepare<[], Shared>('SELECT family, key FROM shared ORDER BY family, key').all(),
      destroyed: db
        .prepare<[], DestroyedFamily>('SELECT family, at, because FROM destroyed ORDER BY family')
        .all(),
    }
  )
}

/** Tells these keys from those of another log. @throws KeyMissing  they lie under another key-encryption key */
export const nameOfKeys = ({ index }: Pick<KeptKeys, 'index'>, keys: KeyEncryptionKeys): string =>
  fingerprintOf(unwrapIndexKey(index, keys.keyEncryptionKey, outermostKeys(keys)))

/** Pairs that still mean something: of a key that is there and a family that is. */
export const livingShares = ({ keys, shared, destroyed }: KeptKeys): readonly Shared[] => {
  const there = new Set(keys.flatMap(({ id, wrapped }) => (wrapped ? id : [])))
  const gone = new Set(destroyed.map(({ family }) => family))
  return shared.filter(({ family, key }) => there.has(key) && !gone.has(family))
}

/** The destroyed keys of each destroyed family. */
export const destroyedKeys = ({
  keys,
  shared,
  destroyed,
}: KeptKeys): ReadonlyMap<string, readonly string[]> => {
  const families = new Map(destroyed.map(({ family }): [string, string[]] => [family, []]))
  const sharers = new Map<string, string[]>()
  for (const { family, key } of shared) sharers.set(key, [...(sharers.get(key) ?? []), family])
  for (const { id, family, wrapped } of keys) {
    if (wrapped) continue
    for (const one of [family ?? '', ...(sharers.get(id) ?? [])]) families.get(one)?.push(id)
  }
  return families
}

/** In words, the first thing in which two houses' keys differ. Ids only. */
export const differenceOfKeys = (source: KeptKeys, target: KeptKeys): string | undefined => {
  const there = new Map(target.keys.map((row) => [row.id, row]))
  for (const { id, wrapped, ...row } of source.keys) {
    const other = there.get(id)
    if (!other) return `the key ${id} is missing`
    if (!wrapped !== !other.wrapped)
      return wrapped ? `the key ${id} counts as destroyed` : `the key ${id} was destroyed and is there again`
    if (!wrapped || !other.wrapped) continue
    const isSame = row.owner === other.owner && row.family === other.family && row.under === other.under
    if (!isSame || !wrapped.equals(other.wrapped)) return `the key ${id} is another one, or wrapped otherwise`
  }
  const known = new Set(source.keys.map(({ id }) => id))
  const stranger = target.keys.find(({ id }) => !known.has(id))
  if (stranger) return `the key ${stranger.id} is one that the source does not have`
  const families = JSON.stringify([source.destroyed, livingShares(source)])
  return families === JSON.stringify([target.destroyed, livingShares(target)])
    ? undefined
    : 'what is said of erased families or shared keys is another'
}
