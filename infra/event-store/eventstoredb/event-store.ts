import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ResolvedEvent } from '@eventstore/db-client'
import type { StreamName } from '#domain/kernel/event.ts'
import { type EventStore, type Expected, type Stored, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { appendTo, nothingIfNotFound, versionOf } from '#infra/eventstoredb/append.ts'
import { type Connection, connect, type Say } from '#infra/eventstoredb/connection.ts'
import { metBefore, type Outcome } from '../admit.ts'
import { type Changes, changes } from '../changes.ts'
import { type Entry, toEntries } from '../entry.ts'
import { canonicalId, isEventId } from '../event-id.ts'
import { followLog } from '../follow.ts'
import { answer, closed } from '../outcome.ts'
import { openForReading } from '../sqlite/connection.ts'
import { type Reader, reader } from '../sqlite/reader.ts'
import { refuseOtherLog } from './belongs.ts'
import { BESIDE_THE_LOG, toEventData, toStored } from './codec.ts'
import { newestBehind } from './head.ts'
import { inFlight } from './in-flight.ts'
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
const RACES = 20

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
  const identity = await refuseOtherLog(connection, replicaFile).catch(async (error: unknown) => {
    await connection.close()
    throw error
  })
  const replica = await startReplica({ url, file: replicaFile, keyFile, attemptMs, watchMs }, arrived, say)
  const log = reader(openForReading(replicaFile, LOCK_WAIT_MS))
  return eventStore({ connection, identity, replica, log, changed, flying })
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
  let acknowledged = 0n
  let closing: Promise<void> | undefined
  const open = new Set<Promise<Outcome>>()
  const refuseWhenClosed = () => {
    if (closing) throw closed()
  }

  const holdsOwnWrites = async (): Promise<void> => {
    refuseWhenClosed()
    if (!(await replica.reached(acknowledged, OWN_WRITES_MS)))
      throw new StoreUnavailable('this node’s copy of the log is behind')
    refuseWhenClosed()
  }

  const placeOf = (id: string) => {
    const place = flying.placeOf(id)
    if (place) return place
    const found = log.find(id)
    return found && { ...found, position: Number(found.position) }
  }

  /** What the ids say is asked when nobody else is appending them; it is true until this append has been sent. */
  const write = async (
    stream: StreamName,
    expected: Expected,
    entries: readonly Entry[],
  ): Promise<Outcome> => {
    const ids = entries.map(([id]) => id)
    await flying.free(ids)
    const before = metBefore(placeOf, stream, entries)
    if (before && 'version' in before) await replica.reached(acknowledged, OWN_WRITES_MS)
    if (before) return 'version' in before ? (metBefore(placeOf, stream, entries) ?? before) : before
    const sent = send(stream, expected, entries)
    flying.hold(ids, sent)
    const written = await sent
    if ('actual' in written) return written
    const position = Number(written.position)
    flying.note(ids, stream, written.version, position)
    if (written.position > acknowledged) acknowledged = written.position
    // It may have come back before its answer did.
    flying.arrived(replica.position())
    return { version: written.version, position }
  }

  /** The server is always told a version: what it does not know to be a repetition with "any" it stores twice. */
  const send = async (stream: StreamName, expected: Expected, entries: readonly Entry[]) => {
    const events = entries.map(toEventData)
    if (expected !== 'any') return append(stream, expected === 'none' ? 0 : expected, events)
    let version = await versionOf(connection, stream)
    for (let tries = 1; ; tries++) {
      const written = await append(stream, version, events)
      if (!('actual' in written) || tries === RACES) return written
      version = written.actual
    }
  }

  return {
    connection,
    identity,
    replica,
    async append(stream, expected, events) {
      refuseWhenClosed()
      const writing = write(stream, expected, toEntries(events))
      open.add(writing)
      const done = () => open.delete(writing)
      writing.then(done, done)
      return answer(stream, expected, await writing)
    },
    async read(stream, from = 1) {
      refuseWhenClosed()
      const events: Stored[] = []
      for (let next = Math.max(from, 1); ; next += PAGE) {
        const page = await readPage(connection, stream, next)
        events.push(...page)
        if (page.length < PAGE) return events
      }
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
        await Promise.allSettled(open)
        changed.end()
        log.close()
        await replica.stop()
        await connection.close()
      })()
      return closing
    },
  }
}

const readPage = async (connection: Connection, stream: string, from: number): Promise<readonly Stored[]> => {
  const found = await nothingIfNotFound(
    connection.read<ResolvedEvent>((client) =>
      client.readStream(stream, { fromRevision: BigInt(from - 1), maxCount: PAGE, requiresLeader: true }),
    ),
  )
  return found.flatMap(({ event }) => (event && toStored(event)) ?? [])
}
