import { join } from 'node:path'
import Database from 'better-sqlite3'
import { toEntry } from '#infra/event-store/entry.ts'
import { idBytes } from '#infra/event-store/event-id.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { preparedVisits, VISITS_PREPARED } from './prepared.ts'

const SCHEMA = `CREATE TABLE event (
  position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,
  id BLOB NOT NULL UNIQUE, metadata TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (stream, version))`

const ROWS_BEFORE = 20_000
const STREAMS = 10_000

/** What a disk and better-sqlite3 alone can do: rows that lie ready, of 10,000 streams in no order, in one table, by one caller, nothing looked at. */
export const openRawLog = async (dir: string) => {
  const visits = (await preparedVisits()).map(toEntry)
  const db = new Database(join(dir, 'raw.db'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  if (db.pragma('synchronous', { simple: true }) !== 2) throw new Error('synchronous is not FULL')
  db.exec(SCHEMA)
  const insert = db.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)')
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')]
  const streams = Array.from({ length: STREAMS }, () => `visit-${uuidV7()}`)
  let position = 0
  const add = () => {
    const visit = visits[position % VISITS_PREPARED]
    if (!visit) throw new Error('no visit')
    const [, type, , , metadata, data] = visit
    const stream = streams[(position * 7_919) % STREAMS]
    const version = Math.floor(position / STREAMS) + 1
    insert.run(++position, stream, version, type, idBytes(uuidV7()), metadata, data)
  }
  const write = (events: number) => {
    begin.run()
    for (let event = 0; event < events; event++) add()
    commit.run()
  }
  // As the other side begins: a log with something in it, whose write-ahead log has been written over before.
  for (let rows = 0; rows < ROWS_BEFORE; rows += 1_000) write(1_000)

  return {
    /** So many events in one transaction, on the disk when it returns. */
    write,
    close() {
      const { rows } = db.prepare<[], { rows: number }>('SELECT count(*) AS rows FROM event').get() ?? {
        rows: 0,
      }
      db.close()
      if (rows !== position) throw new Error(`${rows} rows of ${position}`)
    },
  }
}
