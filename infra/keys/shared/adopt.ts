import type { Wrapped } from '../row.ts'
import { catchUpDestroyed } from './destroyed.ts'
import { familyStream, type KeyFact, keyKept, keyShared, ownStream } from './facts.ts'
import type { SharedParts } from './provide.ts'
import { DELETED, type Found } from './streams.ts'
import { tidier } from './tidy.ts'

/** Puts a stream's own key under its family's, on the cluster. Where that is so already, nobody is asked. */
export const adopter = (parts: SharedParts) => {
  const { streams, copy, local } = parts
  const tidy = tidier(parts)

  /** What the family's stream holds, taken over. Undefined: the family was erased. */
  const read = async (familyId: string): Promise<Found | undefined> => {
    const found = await streams.read(familyStream(familyId))
    if (found === DELETED) await catchUpDestroyed(parts)
    else copy.take(found.facts)
    return found === DELETED || local.destroyed(familyId) ? undefined : found
  }

  const share = async (row: Wrapped, familyId: string, version: number): Promise<void> => {
    const shared = { family: familyId, key: row.id }
    const at = await streams.append(familyStream(familyId), version, [keyShared(shared)])
    if (typeof at === 'bigint') copy.take([{ kind: 'shared', at, version: version + 1, ...shared }])
  }

  const move = async (row: Wrapped, familyId: string, version: number, from: string): Promise<void> => {
    const made = local.has({ kind: 'family', familyId }) ? undefined : local.familyDraft(familyId)
    const moved = local.underFamily(row, familyId, made?.key)
    const rows = made ? [made.row, moved] : [moved]
    const events = rows.map((one) => keyKept(one, one === moved ? from : undefined))
    const at = await streams.append(familyStream(familyId), version, events)
    if (typeof at !== 'bigint') return
    copy.take(rows.map((one, i): KeyFact => ({ kind: 'kept', at, version: version + i + 1, row: one })))
    await tidy(from)
  }

  /** Until it is so: an append that finds the stream at another version changes nothing. */
  const putUnder = async (id: string, stream: string, familyId: string): Promise<void> => {
    const alone = ownStream(stream)
    for (;;) {
      const family = await read(familyId)
      const row = local.wrapped(id)
      if (!row || local.isOf(row, familyId)) return
      // Only here: nothing more can be said in the family's stream. It is to be destroyed now, and is.
      if (!family) return local.share(familyId, id)
      // Asked after the family's stream: whoever puts it there meanwhile makes the append fail.
      const found = await streams.read(alone)
      const isAlone = found !== DELETED && found.facts.some((one) => one.kind === 'kept' && one.row.id === id)
      if (row.family === null && isAlone) await move(row, familyId, family.version, alone)
      else await share(row, familyId, family.version)
    }
  }

  return async (stream: string, familyId: string): Promise<boolean> => {
    const rows = local.ofStream(stream)
    if (rows.length === 0) return false
    for (const row of rows) if (!local.isOf(row, familyId)) await putUnder(row.id, stream, familyId)
    return local.destroyed(familyId) !== undefined
  }
}
