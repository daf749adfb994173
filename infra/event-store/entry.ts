import type { StreamName } from '#domain/kernel/event.ts'
import type { Appending, Stored } from '#domain/kernel/event-store.ts'
import { canonicalId } from './event-id.ts'

/** An event on its way into an engine that keeps JSON: a flat tuple, cheap to hand to another thread. */
export type Entry = readonly [
  id: string,
  type: string,
  schemaVersion: number,
  recordedAt: string,
  metadata: string,
  data: string,
]

/** An event as such an engine keeps it. */
export type Kept = readonly [position: number, stream: string, version: number, ...entry: Entry]

export const toEntry = (event: Appending): Entry => [
  canonicalId(event.id),
  event.type,
  event.schemaVersion,
  event.recordedAt,
  JSON.stringify(event.metadata),
  JSON.stringify(event.data),
]

/** An append writes something, and never the same thing twice. @throws RangeError, TypeError: a bug of the caller */
export const toEntries = (events: readonly Appending[]): readonly Entry[] => {
  if (events.length === 0) throw new RangeError('nothing to append')
  return events.map(toEntry)
}

export const toStored = (kept: Kept): Stored => {
  const [position, stream, version, id, type, schemaVersion, recordedAt, metadata, data] = kept
  return {
    id,
    stream: stream as StreamName,
    version,
    position: BigInt(position),
    type,
    schemaVersion,
    recordedAt,
    metadata: JSON.parse(metadata),
    data: JSON.parse(data),
  }
}
