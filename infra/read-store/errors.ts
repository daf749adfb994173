import Database from 'better-sqlite3'

/** The file cannot be believed. It is derived data: it is set aside and the views are built anew. */
export class ReadStoreDamaged extends Error {
  override readonly name = 'ReadStoreDamaged'
}

/** Another process has moved a checkpoint or swapped a view: what was folded here starts from a past that is gone. */
export class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved'
}

export const isDamage = (error: unknown): boolean =>
  error instanceof ReadStoreDamaged ||
  (error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code))

/** Of the store and not of a projection: busy, full, unreadable, damaged, taken over. */
export const isOfStore = (error: unknown): boolean =>
  error instanceof ReadStoreDamaged ||
  error instanceof CheckpointMoved ||
  error instanceof Database.SqliteError

export const isMissingTable = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.message.startsWith('no such table')
