import type { Expected } from '#domain/kernel/event-store.ts'
import { admit, type Known, type Outcome, type Place } from '../admit.ts'
import type { Entry } from '../entry.ts'
import { idBytes } from '../event-id.ts'
import type { Connection } from './connection.ts'

/** One append on its way to the writer. */
export type Request = readonly [stream: string, expected: Expected, entries: readonly Entry[]]

/** Nothing of the batch is acknowledged. `final`: what the disk holds is no longer certain. */
export class CommitFailed extends Error {
  override readonly name = 'CommitFailed'
  readonly final: boolean
  constructor(cause: unknown, final: boolean) {
    super(`${codeOf(cause)}: ${cause instanceof Error ? cause.message : cause}`, { cause })
    this.final = final
  }
}

/** Everything that waited becomes one transaction; a refused append leaves the others alone. Durable when it returns. */
export const committer = (db: Connection): ((batch: readonly Request[]) => readonly Outcome[]) => {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const head = db.prepare<[], number>('SELECT coalesce(max(position), 0) FROM event').pluck()
  const version = db
    .prepare<[string], number>('SELECT coalesce(max(version), 0) FROM event WHERE stream = ?')
    .pluck()
  const place = db.prepare<[Buffer], Place>('SELECT stream, version, position FROM event WHERE id = ?')
  const insert = db.prepare(
    `INSERT INTO event (position, stream, version, id, type, schema_version, recorded_at, metadata, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const known: Known = {
    placeOf: (id) => place.get(idBytes(id)),
    versionOf: (stream) => version.get(stream) ?? 0,
  }

  const writeAll = (batch: readonly Request[]): readonly Outcome[] => {
    // Another process may have appended since the last batch: position and versions are only true under the lock.
    let position = head.get() ?? 0
    return batch.map(([stream, expected, entries]) => {
      const before = admit(known, stream, expected, entries)
      if (typeof before !== 'number') return before
      let last = before
      for (const [id, ...rest] of entries) insert.run(++position, stream, ++last, idBytes(id), ...rest)
      return { version: last, position }
    })
  }

  const attempt = <T>(step: () => T, isFinal: (code: string) => boolean): T => {
    try {
      return step()
    } catch (error) {
      rollback(db)
      throw new CommitFailed(error, isFinal(codeOf(error)))
    }
  }

  return (batch) => {
    const outcomes = attempt(() => {
      begin.run()
      return writeAll(batch)
    }, leavesDoubt)
    attempt(
      () => commit.run(),
      (code) => !COMMIT_CLEANLY_REFUSED.has(code),
    )
    return outcomes
  }
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'ERROR'

/** Before COMMIT nothing is lost, unless the file itself cannot be trusted. */
export const leavesDoubt = (code: string): boolean => /^SQLITE_(CORRUPT|NOTADB|IOERR_.*FSYNC)/.test(code)

/** A full disk refuses before the commit record is written. After any other failure the record may be there or not. */
const COMMIT_CLEANLY_REFUSED = new Set(['SQLITE_FULL', 'SQLITE_BUSY'])

const rollback = (db: Connection): void => {
  if (db.inTransaction) db.exec('ROLLBACK')
}
