import Database from 'better-sqlite3'
import { type Stored, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { toEntry } from '../entry.ts'
import { idBytes } from '../event-id.ts'
import { refuseOldSqlite } from './connection.ts'
import { reader } from './reader.ts'
import { bringToSchema, refuseOtherSchema } from './schema.ts'

/** The embedded log while nobody else has it open, nor can open it. */
export type LogAlone = {
  head(): bigint
  after(position: bigint, limit: number): readonly Stored[]
  /**
   * All of them in one durable transaction, at the versions they have, in this order behind what is there.
   * @throws SqliteError and nothing is written: an id or a place is taken
   */
  append(events: readonly Stored[]): void
  /** Streams whose versions are not 1, 2, 3 … */
  gaps(): readonly string[]
  close(): void
}

const LOCK_WAIT_MS = 2_000

/**
 * Any program that has the file open, even only to read, holds a lock that this one cannot pass; and none that comes later gets in.
 * @throws StoreUnavailable  somebody has it open
 */
export const openLogAlone = (file: string, { create = false } = {}): LogAlone => {
  const db = new Database(file, { timeout: LOCK_WAIT_MS, fileMustExist: !create })
  try {
    refuseOldSqlite(db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '0')
    // Before the first look into the file: afterwards a write-ahead log is shared with whoever else is there.
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    if (create) bringToSchema(db)
    else refuseOtherSchema(db)
    db.exec('BEGIN IMMEDIATE; COMMIT')
  } catch (error) {
    db.close()
    throw isBusy(error)
      ? new StoreUnavailable(`another program has ${file} open: stop it first`, { cause: error })
      : error
  }
  const log = reader(db)
  const insert = db.prepare(
    `INSERT INTO event (position, stream, version, id, type, schema_version, recorded_at, metadata, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const gaps = db
    .prepare<[], string>(
      'SELECT stream FROM event GROUP BY stream HAVING min(version) <> 1 OR max(version) <> count(*)',
    )
    .pluck()
  const append = db.transaction((events: readonly Stored[]) => {
    let position = Number(log.head())
    for (const event of events) {
      const [id, ...rest] = toEntry(event)
      insert.run(++position, event.stream, event.version, idBytes(id), ...rest)
    }
  })
  return {
    head: log.head,
    after: log.after,
    append: (events) => append(events),
    gaps: () => gaps.all(),
    close: () => db.close(),
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
