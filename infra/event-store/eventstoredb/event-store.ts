import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { RecordedEvent } from '@eventstore/db-client'
import type { StreamName } from '#domain/kernel/event.ts'
import { type EventStore, type Expected, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { APPEND_MS, appendTo } from '#infra/eventstoredb/append.ts'
import { type Connection, connect, type Say } from '#infra/eventstoredb/connection.ts'
import { within } from '#infra/eventstoredb/within.ts'
import { metBefore, type Outcome, type Place } from '../admit.ts'
import { type Changes, changes } from '../changes.ts'
import { type Entry, toEntries } from '../entry.ts'
import { canonicalId, isEventId } from '../event-id.ts'
import { followLog } from '../follow.ts'
import { answer, closed } from '../outcome.ts'
import { openForReading } from '../sqlite/connection.ts'
import { type Reader, reader } from '../sqlite/reader.ts'
import { refuseOtherLog } from './belongs.ts'
import { BESIDE_THE_LOG, positionOf, toEventData, toStored } from './codec.ts'
import { newestBehind } from './head.ts'
import { inFlight } from './in-flight.ts'
import { pending } from './pending.ts'
import { readStream } from './read-stream.ts'
import { type Replica, startReplica } from './replica/thread.ts'

export type EventStoreDbOptions = {
  /** `esdb://…` or `esdb+discover://…` */
  readonly url: string
  /** This node's copy of the log; it may be missing. Beside it `log-identity` says of which log. */
  readonly replicaFile: string
  /** This node's copy of the keys that the nodes share beside the log; kept with the copy of the log, and never behind it. */
  readonly keyFile?: string | undefined
  readonly attemptMs?: number | undefined
  /** How often it is looked whether the subscription has fallen silent. */
  readonly watchMs?: number | undefined
  readonly say?: Say
}

export type EventStoreDb = EventStore & {
  /** The one connection of this thread, for what is kept beside the log. */
  readonly connection: Connection
  /** The name of the log that the server holds. */
  readonly identity: string
  readonly replica: Pick<Replica, 'position' | 'goal' | 'reached'>
}

const PAGE = 500
const LOCK_WAIT_MS = 5_000
/** How long a reader waits for the copy to hold what this process has appended. */
const OWN_WRITES_MS = 5_000
/** How long the end waits for appends that the server has not answered. */
const CLOSE_MS = 3_000

/**
 * The cluster's engine. Appends, and reads of one stream, go to the server's leader; whatever goes along the log reads this node's
 * own copy of it, once that holds what this process has appended. Positions are the server's commit positions: ordered, not dense.
 */
export const openEventStoreDb = async (options: EventStoreDbOptions): Promise<EventStoreDb> => {
  const { url, replicaFile, keyFile, attemptMs, watchMs, say = () => undefined } = options
  mkdirSync(dirname(replicaFile), { recursive: true, mode: 0o700 })
  const connection = connect({ url, say, ...(attemptMs !== undefined && { attemptMs }) })
  const changed = changes()
  const flying = inFlight()
  const arrived = (position: bigint) => {
    flying.arrived(position)
    changed.note()
  }
  let replica: Replica | undefined
  try {
    const identity = await refuseOtherLog(connection, replicaFile)
    replica = await startReplica({ url, file: replicaFile, keyFile, attemptMs, watchMs }, arrived, say)
    const log = reader(openForReading(replicaFile, LOCK_WAIT_MS))
    return eventStore({ connection, identity, replica, log, changed, flying })
  } catch (error) {
    await replica?.stop()
    await connection.close()
    throw error
  }
}

const eventStore = (parts: {
  readonly connection: Connection
  readonly identity: string
  readonly replica: Replica
  readonly log: Reader
  readonly changed: Changes
  readonly flying: ReturnType<typeof inFlight>
}): EventStoreDb => {
  const { connection, identity, replica, log, changed, flying } = parts
  const append = appendTo(connection)
  const waiting = pending()
  let acknowledged = 0n
  let closing: Promise<void> | undefined
  const refuseWhenClosed = () => {
    if (closing) throw closed()
  }

  /** The end does not wait for every append. */
  const refuseWhenOver = () => {
    if (changed.ended()) throw closed()
  }

  const holdsOwnWrites = async (): Promise<void> => {
    refuseWhenClosed()
    if (!(await replica.reached(acknowledged, OWN_WRITES_MS)))
      throw new StoreUnavailable('this node’s copy of the log is behind')
    refuseWhenClosed()
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
    connection,
    identity,
    replica,
    async append(stream, expected, events) {
      refuseWhenClosed()
      const entries = toEntries(events)
      return answer(stream, expected, await waiting.hold(entries, () => write(stream, expected, entries)))
    },
    async read(stream, from = 1) {
      refuseWhenClosed()
      const events = await readStream(connection, stream, Math.max(from, 1))
      return events.flatMap((event) => toStored(event) ?? [])
    },
    async after(position, limit) {
      await holdsOwnWrites()
      return log.after(position, limit)
    },
    async *follow(position, signal) {
      refuseWhenClosed()
      const page = (last: bigint) => {
        const { behind, ...rest } = log.page(last, PAGE)
        return { ...rest, behind: behind || replica.position() < acknowledged }
      }
      yield* followLog(position, signal, page, changed)
    },
    async find(eventId) {
      await holdsOwnWrites()
      return isEventId(eventId) ? log.find(canonicalId(eventId)) : undefined
    },
    async head() {
      refuseWhenClosed()
      const here = replica.position() > acknowledged ? replica.position() : acknowledged
      return (await newestBehind(connection, here, ({ streamId }) => !BESIDE_THE_LOG.test(streamId))) ?? here
    },
    close() {
      closing ??= (async () => {
        await within(waiting.answered(), CLOSE_MS).catch(() => undefined)
        changed.end()
        log.close()
        await replica.stop()
        await connection.close()
      })()
      return closing
    },
  }
}

const placeIn = (event: RecordedEvent): Place => ({
  stream: event.streamId,
  version: Number(event.revision) + 1,
  position: positionOf(event),
})
