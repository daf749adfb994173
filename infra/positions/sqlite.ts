import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { idBytes, idText } from '#infra/event-store/event-id.ts'

/** One event's place in the log before it was moved, and now. */
export type Moved = { readonly from: bigint; readonly to: bigint; readonly eventId: string }

/** What became of positions when a log was moved, and whether the move is over. */
export type Positions = {
  note(moved: readonly Moved[]): void
  /** The place of the last event at or before this one; undefined: there is none. */
  nowOf(before: bigint): Moved | undefined
  beforeOf(now: bigint): Moved | undefined
  begin(): void
  finish(at: string): void
  close(): void
}

/** Whoever writes has it alone: two moves into one place would be in each other's way. @throws StoreUnavailable */
export const openPositions = (file: string): Positions => {
  const db = new Database(file, { timeout: 1_000 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec(`
      BEGIN EXCLUSIVE;
      CREATE TABLE IF NOT EXISTS moved (
        from_position INTEGER PRIMARY KEY, to_position INTEGER NOT NULL UNIQUE, event_id BLOB NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS move (one INTEGER PRIMARY KEY CHECK (one = 1), verified_at TEXT) STRICT;
      COMMIT;
    `)
  } catch (error) {
    db.close()
    if (!isBusy(error)) throw error
    throw new StoreUnavailable(`another move is at work on ${file}`, { cause: error })
  }
  return positionsIn(db)
}

/** Only to look up. Undefined: nothing was moved here. */
export const readPositions = (file: string): Pick<Positions, 'nowOf' | 'beforeOf' | 'close'> | undefined =>
  existsSync(file) ? positionsIn(new Database(file, { readonly: true, timeout: 1_000 })) : undefined

/** Whether a log is being moved there, or was and not to the end. */
export const isUnfinished = (file: string): boolean => {
  if (!existsSync(file)) return false
  const db = new Database(file, { readonly: true, timeout: 100 })
  try {
    return db.prepare('SELECT 1 FROM move WHERE verified_at IS NOT NULL').get() === undefined
  } catch (error) {
    // It is being written, or whoever wrote it was killed.
    if (error instanceof Database.SqliteError) return true
    throw error
  } finally {
    db.close()
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')

type Row = { readonly from_position: bigint; readonly to_position: bigint; readonly event_id: Buffer }

const positionsIn = (db: Database.Database): Positions => {
  const lookUp = (by: 'from_position' | 'to_position') => {
    const sql = `SELECT * FROM moved WHERE ${by} <= ? ORDER BY ${by} DESC LIMIT 1`
    const row = db.prepare<[bigint], Row>(sql).safeIntegers()
    return (position: bigint): Moved | undefined => {
      const found = row.get(position)
      return found && { from: found.from_position, to: found.to_position, eventId: idText(found.event_id) }
    }
  }
  const noteAll = (moved: readonly Moved[]) => {
    const insert = db.prepare('INSERT OR REPLACE INTO moved VALUES (?, ?, ?)')
    db.transaction(() => {
      for (const { from, to, eventId } of moved) insert.run(from, to, idBytes(eventId))
    })()
  }
  return {
    note: noteAll,
    nowOf: lookUp('from_position'),
    beforeOf: lookUp('to_position'),
    begin: () =>
      void db.exec('INSERT INTO move VALUES (1, NULL) ON CONFLICT DO UPDATE SET verified_at = NULL'),
    finish: (at) => void db.prepare('UPDATE move SET verified_at = ?').run(at),
    close: () => db.close(),
  }
}
