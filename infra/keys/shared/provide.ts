import { KeyDestroyed, type KeyOwner } from '#domain/kernel/keyring.ts'
import type { LocalKeys } from '../local-keys.ts'
import type { KeyCopy } from './copy.ts'
import { type KeyFact, keyKept, ownStream, streamFor } from './facts.ts'
import { DELETED, type KeyStreams } from './streams.ts'

export type SharedParts = {
  readonly streams: KeyStreams
  readonly copy: KeyCopy
  readonly local: LocalKeys
}

/** How many streams it is remembered of how far they have been read. */
const REMEMBERED = 50_000

/**
 * Sees to it that these owners have keys, on the cluster first and then in the copy here. Whoever appends first makes the key;
 * the others find it when their own append fails.
 */
export const provider = ({ streams, copy, local }: SharedParts) => {
  const readUpTo = new Map<string, number>()
  const remember = (stream: string, version: number): void => {
    if (readUpTo.size >= REMEMBERED) readUpTo.clear()
    readUpTo.set(stream, version)
  }

  const takeOver = async (stream: string): Promise<number> => {
    const found = await streams.read(stream, readUpTo.get(stream))
    if (found === DELETED) throw new KeyDestroyed('the family’s key was destroyed')
    copy.take(found.facts)
    remember(stream, found.version)
    return found.version
  }
  const isMissing = (owner: KeyOwner): boolean => !local.has(owner)

  const makeIn = async (stream: string, owners: readonly KeyOwner[]): Promise<void> => {
    for (;;) {
      const version = await takeOver(stream)
      const missing = owners.filter(isMissing)
      if (missing.length === 0) return
      const rows = local.drafts(missing)
      const at = await streams.append(
        stream,
        version,
        rows.map((row) => keyKept(row)),
      )
      if (at === DELETED) throw new KeyDestroyed('the family’s key was destroyed')
      if (at === undefined) {
        // Whatever was remembered of it may be wrong, too: the server's data may have been put back from a backup.
        readUpTo.delete(stream)
        continue
      }
      remember(stream, version + rows.length)
      copy.take(rows.map((row, i): KeyFact => ({ kind: 'kept', at, version: version + i + 1, row })))
    }
  }

  return async (owners: readonly KeyOwner[]): Promise<void> => {
    const missing = owners.filter(isMissing)
    if (missing.length === 0) return
    // What was said in it before it had a family.
    const alone = missing.flatMap((owner) =>
      owner.kind === 'stream' && owner.familyId !== undefined ? ownStream(owner.stream) : [],
    )
    await Promise.all([...new Set(alone)].map(takeOver))
    const places = new Set(missing.map(streamFor))
    await Promise.all(
      [...places].map((stream) =>
        makeIn(
          stream,
          missing.filter((owner) => streamFor(owner) === stream),
        ),
      ),
    )
  }
}
