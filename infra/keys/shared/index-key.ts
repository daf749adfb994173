import { randomUUID } from 'node:crypto'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { newIndexKey, outermostKeys, unwrapIndexKey } from '../key-file.ts'
import type { KeyCopy } from './copy.ts'
import { INDEX_STREAM, indexKeyKept, type KeyFact } from './facts.ts'
import { DELETED, type KeyStreams } from './streams.ts'

type IndexKey = KeyFact & { readonly kind: 'index' }

/** Undefined: no node has ever begun. */
export const sharedIndexKey = async (streams: KeyStreams): Promise<IndexKey | undefined> => {
  const found = await streams.read(INDEX_STREAM)
  if (found === DELETED) throw new StoreUnavailable('the cluster’s index key was deleted')
  return found.facts.findLast((fact) => fact.kind === 'index')
}

/**
 * The key under which texts are looked up, the same on all nodes: made by whoever comes first.
 * @throws KeyMissing  the cluster's was made under another key-encryption key, or the copy is another cluster's
 */
export const shareIndexKey = async (
  streams: KeyStreams,
  copy: KeyCopy,
  keys: { readonly keyEncryptionKey: Buffer; readonly previousKeyEncryptionKey?: Buffer | undefined },
): Promise<void> => {
  for (;;) {
    const newest = await sharedIndexKey(streams)
    if (newest) {
      unwrapIndexKey(newest, keys.keyEncryptionKey, outermostKeys(keys))
      return copy.take([newest])
    }
    const { under, wrapped } = newIndexKey(keys.keyEncryptionKey)
    await streams.append(INDEX_STREAM, 0, [indexKeyKept(randomUUID(), under, wrapped)])
  }
}
