import type { StreamName } from '#domain/kernel/event.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import { type Kept, toStored } from '../entry.ts'
import { idBytes, idText } from '../event-id.ts'
import type { Connection } from './connection.ts'

type Row = [
  position: number,
  stream: string,
  version: number,
  id: Buffer,
  type: string,
  schemaVersion: number,
  recordedAt: string,
  metadata: string,
  data: string,
]

const COLUMNS = 'position, stream, version, id, type, schema_version, recorded_at, metadata, data'

const fromRow = ([position, stream, version, id, ...rest]: Row): Stored =>
  toStored([position, stream, version, idText(id), ...rest] satisfies Kept)

/** Events of a page may be megabytes each; a page of them must still fit into memory. */
const PAGE_CHARACTERS = 8_000_000

/** Every read is one statement run to its end: no snapshot stays open that would hold up a checkpoint. */
export const reader = (db: Connection) => {
  const rows = <P extends unknown[]>(sql: string) => db.prepare<P, Row>(sql).raw()
  const ofStream = rows<[string, number]>(
    `SELECT ${COLUMNS} FROM event WHERE stream = ? AND version >= ? ORDER BY version`,
  )
  const afterPosition = rows<[number, number]>(
    `SELECT ${COLUMNS} FROM event WHERE position > ? ORDER BY position LIMIT ?`,
  )
  const byId = rows<[Buffer]>(`SELECT ${COLUMNS} FROM event WHERE id = ? ORDER BY position LIMIT 1`)
  const version = db
    .prepare<[string], number>('SELECT coalesce(max(version), 0) FROM event WHERE stream = ?')
    .pluck()
  const goal = goalOf(db)
  const head = db.prepare<[], number>('SELECT coalesce(max(position), 0) FROM event').pluck()
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck()

  const headNow = () => BigInt(head.get() ?? 0)
  const isBehind = () => goal !== undefined && headNow() < BigInt(goal.get() ?? 0)

  return {
    read: (stream: StreamName, from: number) => ofStream.all(stream, from).map(fromRow),
    after: (position: bigint, limit: number) => afterPosition.all(asNumber(position), limit).map(fromRow),
    /** At most `limit` events, fewer when they are large. */
    page(position: bigint, limit: number) {
      const events: Stored[] = []
      let characters = 0
      let more = false
      for (const row of afterPosition.iterate(asNumber(position), limit + 1)) {
        more = events.length === limit || characters > PAGE_CHARACTERS
        if (more) break
        characters += row[8].length
        events.push(fromRow(row))
      }
      return { events, more, behind: !more && isBehind() }
    },
    find(id: string) {
      const row = byId.get(idBytes(id))
      return row && fromRow(row)
    },
    /** 0: nothing of it is here. */
    versionOf: (stream: string) => version.get(stream) ?? 0,
    head: headNow,
    /** Changes when another connection has committed. */
    dataVersion: () => dataVersion.get() ?? 0,
    close: () => db.close(),
  }
}

/** A copy of another log says how far that was when the copy was opened. */
const goalOf = (db: Connection) =>
  db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'copy'").get() === undefined
    ? undefined
    : db.prepare<[], number>('SELECT goal FROM copy').pluck()

export type Reader = ReturnType<typeof reader>

/** Positions are dense, so they stay far below 2^53; whatever a client sends beyond is simply after the end. */
const asNumber = (position: bigint): number =>
  position > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(position)
