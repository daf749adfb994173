import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type EventStore, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { type Connection, connect, type Say } from '#infra/eventstoredb/connection.ts'
import { within } from '#infra/eventstoredb/within.ts'
import { changes } from '../changes.ts'
import { toEntries } from '../entry.ts'
import { canonicalId, isEventId } from '../event-id.ts'
import { followLog } from '../follow.ts'
import { answer, closed } from '../outcome.ts'
import { openForReading } from '../sqlite/connection.ts'
import { reader } from '../sqlite/reader.ts'
import { refuseOtherLog } from './belongs.ts'
import { isOfLog, refuseTooLarge, toStored } from './codec.ts'
import { newestBehind } from './head.ts'
import { inFlight } from './in-flight.ts'
import { pending } from './pending.ts'
import { readStream } from './read-stream.ts'
import { type Replica, startReplica } from './replica/thread.ts'
import { OWN_WRITES_MS, type Parts, writing } from './writing.ts'

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

const eventStore = (parts: Parts & { readonly identity: string }): EventStoreDb => {
  const { connection, identity, replica, log, changed } = parts
  const { write, acknowledged } = writing(parts)
  const waiting = pending()
  let closing: Promise<void> | undefined
  const refuseWhenClosed = () => {
    if (closing) throw closed()
  }

  const holdsOwnWrites = async (): Promise<void> => {
    refuseWhenClosed()
    if (!(await replica.reached(acknowledged(), OWN_WRITES_MS)))
      throw new StoreUnavailable('this node’s copy of the log is behind')
    refuseWhenClosed()
  }

  return {
    connection,
    identity,
    replica,
    async append(stream, expected, events) {
      refuseWhenClosed()
      const entries = toEntries(events)
      refuseTooLarge(stream, entries)
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
        return { ...rest, behind: behind || replica.position() < acknowledged() }
      }
      yield* followLog(position, signal, page, changed)
    },
    async find(eventId) {
      await holdsOwnWrites()
      return isEventId(eventId) ? log.find(canonicalId(eventId)) : undefined
    },
    async head() {
      refuseWhenClosed()
      let here = acknowledged()
      if (replica.position() > here) here = replica.position()
      return (await newestBehind(connection, here, isOfLog)) ?? here
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
