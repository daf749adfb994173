import type { RecordedEvent } from '@eventstore/db-client'
import type { StreamName } from '#domain/kernel/event.ts'
import type { Expected } from '#domain/kernel/event-store.ts'
import { APPEND_MS, appendTo } from '#infra/eventstoredb/append.ts'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import { metBefore, type Outcome, type Place } from '../admit.ts'
import type { Changes } from '../changes.ts'
import type { Entry } from '../entry.ts'
import { closed } from '../outcome.ts'
import type { Reader } from '../sqlite/reader.ts'
import { positionOf, toEventData } from './codec.ts'
import type { inFlight } from './in-flight.ts'
import { readStream } from './read-stream.ts'
import type { Replica } from './replica/thread.ts'

export type Parts = {
  readonly connection: Connection
  readonly replica: Replica
  readonly log: Reader
  readonly changed: Changes
  readonly flying: ReturnType<typeof inFlight>
}

/** How long a reader waits for the copy to hold what this process has appended. */
export const OWN_WRITES_MS = 5_000

/** Appends by the port's rules: ids first, then the version. */
export const writing = ({ connection, replica, log, changed, flying }: Parts) => {
  const append = appendTo(connection)
  let acknowledged = 0n

  /** The end does not wait for every append. */
  const refuseWhenOver = () => {
    if (changed.ended()) throw closed()
  }

  const placeOf = (id: string): Place | undefined => {
    const place = flying.placeOf(id)
    if (place) return place
    refuseWhenOver()
    const found = log.find(id)
    return found && { ...found, position: Number(found.position) }
  }

  /** What the ids say is asked when nobody else is appending them; it is true until this append has been sent. */
  const write = async (
    stream: StreamName,
    expected: Expected,
    entries: readonly Entry[],
  ): Promise<Outcome> => {
    const until = performance.now() + APPEND_MS
    const ids = entries.map(([id]) => id)
    await flying.free(ids, until)
    const before = metBefore(placeOf, stream, entries)
    if (before && 'version' in before) await replica.reached(acknowledged, OWN_WRITES_MS)
    if (before) return 'version' in before ? (metBefore(placeOf, stream, entries) ?? before) : before
    const sent = send(stream, expected, entries, until)
    flying.hold(ids, sent)
    const written = await sent
    if (!('version' in written)) return written
    flying.note(ids, stream, written.version, written.position)
    if (BigInt(written.position) > acknowledged) acknowledged = BigInt(written.position)
    // It may have come back before its answer did.
    flying.arrived(replica.position())
    return written
  }

  const send = (stream: StreamName, expected: Expected, entries: readonly Entry[], until: number) =>
    expected === 'any'
      ? sendAtTheEnd(stream, entries, until)
      : sendAt(stream, expected === 'none' ? 0 : expected, entries, until)

  const sendAt = async (
    stream: StreamName,
    version: number,
    entries: readonly Entry[],
    until: number,
  ): Promise<Outcome> => {
    const written = await append(stream, version, entries.map(toEventData), until)
    return 'actual' in written ? written : { ...written, position: Number(written.position) }
  }

  /**
   * The server is always told a version: what it does not know to be a repetition with "any" it stores twice. So is what was
   * stored without our being told, and has not come here yet: what the server has of the stream beyond our copy is looked at.
   */
  const sendAtTheEnd = async (
    stream: StreamName,
    entries: readonly Entry[],
    until: number,
  ): Promise<Outcome> => {
    for (;;) {
      refuseWhenOver()
      const here = log.versionOf(stream)
      const beyond = await readStream(connection, stream, here + 1)
      const places = new Map(beyond.map((event) => [event.id, placeIn(event)]))
      const before = metBefore((id) => places.get(id) ?? placeOf(id), stream, entries)
      if (before) return before
      const version = beyond.at(-1) ? Number(beyond.at(-1)?.revision) + 1 : here
      const written = await sendAt(stream, version, entries, until)
      if (!('actual' in written) || performance.now() > until) return written
    }
  }

  return {
    write,
    /** Position of the newest event that this process was told is stored. */
    acknowledged: () => acknowledged,
  }
}

const placeIn = (event: RecordedEvent): Place => ({
  stream: event.streamId,
  version: Number(event.revision) + 1,
  position: positionOf(event),
})
