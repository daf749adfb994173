import type Database from 'better-sqlite3'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { KeyMissing } from '#domain/kernel/keyring.ts'
import { fingerprintOf, keptIndexKey, newIndexKey, outermostKeys, unwrapIndexKey } from '../key-file.ts'
import { keyCopy } from './copy.ts'
import { INDEX_STREAM, indexKeyKept, type KeyFact } from './facts.ts'
import { DELETED, type KeyStreams } from './streams.ts'

type KeyEncryptionKeys = {
  readonly keyEncryptionKey: Buffer
  readonly previousKeyEncryptionKey?: Buffer | undefined
}

/**
 * The key under which texts are looked up, the same on all nodes: made by whoever comes first.
 * @throws KeyMissing  the cluster's was made under another key-encryption key, or the file is another cluster's
 */
export const shareIndexKey = async (
  streams: KeyStreams,
  db: Database.Database,
  keys: KeyEncryptionKeys,
): Promise<void> => {
  const fact = await firstOrOurs(streams, keys.keyEncryptionKey)
  const outermost = outermostKeys(keys)
  const shared = unwrapIndexKey(fact, keys.keyEncryptionKey, outermost)
  const here = keptIndexKey(db)
  if (here && !isSame(unwrapIndexKey(here, keys.keyEncryptionKey, outermost), shared))
    throw new KeyMissing('the copy of the keys is another cluster’s')
  keyCopy(db).take([fact])
}

const firstOrOurs = async (
  streams: KeyStreams,
  keyEncryptionKey: Buffer,
): Promise<KeyFact & { readonly kind: 'index' }> => {
  for (;;) {
    const found = await streams.read(INDEX_STREAM)
    if (found === DELETED) throw new StoreUnavailable('the cluster’s index key was deleted')
    const newest = found.facts.findLast((fact) => fact.kind === 'index')
    if (newest) return newest
    const { under, wrapped } = newIndexKey(keyEncryptionKey)
    await streams.append(INDEX_STREAM, found.version, [indexKeyKept(under, wrapped)])
  }
}

const isSame = (one: Buffer, other: Buffer): boolean => fingerprintOf(one) === fingerprintOf(other)
