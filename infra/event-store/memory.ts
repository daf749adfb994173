import type { EventStore } from '#domain/kernel/event-store.ts'
import { admit } from './admit.ts'
import { changes } from './changes.ts'
import { type Kept, toEntries, toStored } from './entry.ts'
import { canonicalId, isEventId } from './event-id.ts'
import { followLog } from './follow.ts'
import { answer, closed } from './outcome.ts'

const PAGE = 500

/** For tests and examples: keeps JSON as the files do, so that nothing works here that would not work there. */
export const memoryEventStore = (): EventStore => {
  const log: Kept[] = []
  const streams = new Map<string, Kept[]>()
  const byId = new Map<string, Kept>()
  const changed = changes()
  const inStream = (stream: string): readonly Kept[] => streams.get(stream) ?? []
  const after = (position: bigint, limit: number) =>
    log.slice(Number(position), Number(position) + limit).map(toStored)
  const page = (position: bigint) => {
    const events = after(position, PAGE)
    return { events, more: events.length === PAGE }
  }
  const known = {
    placeOf(id: string) {
      const kept = byId.get(id)
      return kept && { position: kept[0], stream: kept[1], version: kept[2] }
    },
    versionOf: (stream: string) => inStream(stream).length,
  }
  const keep = (kept: Kept) => {
    log.push(kept)
    const stream = streams.get(kept[1])
    if (stream) stream.push(kept)
    else streams.set(kept[1], [kept])
    byId.set(kept[3], kept)
  }
  const refuseWhenClosed = () => {
    if (changed.ended()) throw closed()
  }

  return {
    async append(stream, expected, events) {
      refuseWhenClosed()
      const entries = toEntries(events)
      const version = admit(known, stream, expected, entries)
      if (typeof version !== 'number') return answer(stream, expected, version)
      let last = version
      for (const entry of entries) keep([log.length + 1, stream, ++last, ...entry])
      changed.note()
      return { version: last, position: BigInt(log.length) }
    },
    async read(stream, from = 1) {
      refuseWhenClosed()
      return inStream(stream)
        .slice(Math.max(from, 1) - 1)
        .map(toStored)
    },
    async after(position, limit) {
      refuseWhenClosed()
      return after(position, limit)
    },
    async *follow(position, signal) {
      refuseWhenClosed()
      yield* followLog(position, signal, page, changed)
    },
    async find(eventId) {
      refuseWhenClosed()
      const kept = isEventId(eventId) ? byId.get(canonicalId(eventId)) : undefined
      return kept && toStored(kept)
    },
    async head() {
      refuseWhenClosed()
      return BigInt(log.length)
    },
    async close() {
      changed.end()
    },
  }
}
