import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { ViewNotReady } from '#domain/kernel/projection.ts'
import { bringToLayout, isEmpty, refuseOtherLayout } from './registry.ts'

export type Connection = Database.Database

/** Rows are about a kilobyte: twice SQLite's page is a third faster to fill. */
const PAGE_BYTES = 8_192
/** Catching up touches the same pages again and again; a smaller cap writes each of them more often into the file. */
const CHECKPOINT_PAGES = 8_000
const WAL_LIMIT_BYTES = 64 * 1024 * 1024

/** Not synced at every commit: rows and checkpoint are lost together, if at all, and folded again from the log. */
export const openForWriting = (file: string, lockWaitMs: number): Connection => {
  const db = new Database(file, { timeout: lockWaitMs })
  try {
    db.pragma(`page_size = ${PAGE_BYTES}`)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.pragma(`cache_size = -${64 * 1024}`)
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    db.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`)
    bringToLayout(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

export const openForReading = (file: string, lockWaitMs: number): Connection => {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: lockWaitMs })
  try {
    db.pragma(`cache_size = -${32 * 1024}`)
    if (isEmpty(db)) throw new ViewNotReady('the read store is being made')
    refuseOtherLayout(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Another file under the same name is another identity. */
export const identityOf = (file: string): string | undefined => {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat && `${stat.dev}/${stat.ino}`
}
