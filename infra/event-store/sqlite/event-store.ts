import Database from 'better-sqlite3'
import { type EventStore, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { type Changes, changes } from '../changes.ts'
import { toEntries } from '../entry.ts'
import { canonicalId, isEventId } from '../event-id.ts'
import { followLog } from '../follow.ts'
import { answer, closed } from '../outcome.ts'
import { type Appender, startAppender } from './appender.ts'
import { openForReading } from './connection.ts'
import { type Reader, reader } from './reader.ts'
import { watch } from './watch.ts'

export type SqliteEventStoreOptions = {
  readonly file: string
  /** For whoever only follows or replays: no writer thread, and the file must exist. */
  readonly readOnly?: boolean
  /** How long an append may wait for another process that is writing. */
  readonly lockWaitMs?: number
}

/** Small enough that reading one does not hold up the requests of the same thread. */
const PAGE = 500

/**
 * The embedded engine: one file, one writer thread that commits everything waiting at once, reads on the calling thread.
 * Positions are 1, 2, 3 … without holes. Several processes may open the same file.
 */
export const openSqliteEventStore = async (options: SqliteEventStoreOptions): Promise<EventStore> => {
  const { file, readOnly = false, lockWaitMs = 5_000 } = options
  const changed = changes()
  const appender = readOnly ? noAppender : await startAppender({ file, lockWaitMs }, changed.note)
  try {
    return eventStore(appender, reader(openForReading(file, lockWaitMs)), changed)
  } catch (error) {
    await appender.close()
    throw unavailable(error)
  }
}

const eventStore = (appender: Appender, log: Reader, changed: Changes): EventStore => {
  const watching = watch(log.dataVersion, changed)
  const reading = <T>(read: () => T): T => {
    if (changed.ended()) throw closed()
    try {
      return read()
    } catch (error) {
      throw unavailable(error)
    }
  }
  let closing: Promise<void> | undefined

  return {
    async append(stream, expected, events) {
      return answer(stream, expected, await appender.append([stream, expected, toEntries(events)]))
    },
    read: async (stream, from = 1) => reading(() => log.read(stream, from)),
    after: async (position, limit) => reading(() => log.after(position, limit)),
    async *follow(position, signal) {
      reading(watching.start)
      try {
        yield* followLog(position, signal, (last) => reading(() => log.page(last, PAGE)), changed)
      } finally {
        watching.stop()
      }
    },
    find: async (eventId) => reading(() => (isEventId(eventId) ? log.find(canonicalId(eventId)) : undefined)),
    head: async () => reading(log.head),
    close() {
      // The writer goes last: the last connection empties the write-ahead log into the file.
      closing ??= (async () => {
        await appender.drain()
        changed.end()
        log.close()
        await appender.close()
      })()
      return closing
    },
  }
}

const noAppender: Appender = {
  append: () => Promise.reject(new StoreUnavailable('this event store is open for reading only')),
  drain: async () => undefined,
  close: async () => undefined,
}

/** A damaged file is not "try again": it stays what SQLite said. */
const unavailable = (error: unknown): unknown =>
  error instanceof Database.SqliteError && /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|FULL)/.test(error.code)
    ? new StoreUnavailable(`${error.code}: ${error.message}`, { cause: error })
    : error
