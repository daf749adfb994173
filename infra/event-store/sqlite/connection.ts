import Database from 'better-sqlite3'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { bringToSchema, refuseOtherSchema } from './schema.ts'

export type Connection = Database.Database

/** Older ones can corrupt a WAL that is checkpointed while another connection writes. */
const OLDEST_SQLITE = '3.51.3'

export const refuseOldSqlite = (version: string): void => {
  if (version.localeCompare(OLDEST_SQLITE, 'en', { numeric: true }) < 0)
    throw new StoreUnavailable(
      `SQLite ${version} is too old to trust with the log; ${OLDEST_SQLITE} is the oldest`,
    )
}

const open = (file: string, options: Database.Options): Connection => {
  const db = new Database(file, options)
  refuseOldSqlite(db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '0')
  return db
}

/** The only connection that writes. Everything it commits is on the disk when COMMIT returns. */
export const openForWriting = (file: string, lockWaitMs: number): Connection => {
  const db = open(file, { timeout: lockWaitMs })
  useWriteAheadLog(db, lockWaitMs)
  // better-sqlite3 sets NORMAL for WAL, which loses the last commits when the power goes.
  db.pragma('synchronous = FULL')
  if (db.pragma('synchronous', { simple: true }) !== FULL)
    throw new StoreUnavailable('SQLite refuses synchronous=FULL')
  db.pragma(`cache_size = -${64 * 1024}`)
  db.pragma('wal_autocheckpoint = 0')
  db.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`)
  bringToSchema(db)
  // What a crash left in the WAL may never have been synced: put it on the disk before anybody is told that it is there.
  db.pragma('wal_checkpoint(PASSIVE)')
  return db
}

/** Short reads beside the writer; each statement sees the log as of its start. */
export const openForReading = (file: string, lockWaitMs: number): Connection => {
  const db = open(file, { readonly: true, fileMustExist: true, timeout: lockWaitMs })
  db.pragma(`cache_size = -${32 * 1024}`)
  refuseOtherSchema(db)
  return db
}

const FULL = 2
const WAL_LIMIT_BYTES = 64 * 1024 * 1024

export const useWriteAheadLog = (db: Connection, lockWaitMs: number): void => {
  const until = performance.now() + lockWaitMs
  for (;;) {
    try {
      if (db.pragma('journal_mode = WAL', { simple: true }) === 'wal') return
      throw new StoreUnavailable('this place cannot hold a write-ahead log')
    } catch (error) {
      // Two processes creating one file: SQLite does not wait for this lock by itself.
      if (
        !(error instanceof Database.SqliteError) ||
        error.code !== 'SQLITE_BUSY' ||
        performance.now() > until
      )
        throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}
