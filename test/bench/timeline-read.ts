import { join } from 'node:path'
import Database from 'better-sqlite3'
import { atLeast, type Bench, READ, type Size } from './kit/bench.ts'
import { startServer, stopServer } from './kit/driving.ts'
import {
  FULL_PAGE,
  pagesPerSecond,
  readPages,
  readTimeline,
  type Timeline,
  timelinePath,
  withFamilies,
} from './kit/pages.ts'

const { events, entries, query } = FULL_PAGE

/** A column for each field of ours; lists and objects as text, so that the peer has nothing to assemble. */
const keepRows = (file: string, timelines: readonly Timeline[]): void => {
  const fields = [...new Set(timelines.flatMap(({ entries }) => entries.flatMap(Object.keys)))]
  const db = new Database(file)
  const columns = fields.map((field) => `"${field}"`).join(', ')
  db.exec(
    `CREATE TABLE entry (family TEXT, sort INTEGER, ${columns}, PRIMARY KEY (family, sort)) WITHOUT ROWID`,
  )
  const insert = db.prepare(`INSERT INTO entry VALUES (?, ?${', ?'.repeat(fields.length)})`)
  db.transaction(() => {
    for (const { familyId, entries } of timelines)
      for (const [place, entry] of entries.entries())
        insert.run(familyId, entries.length - place, ...fields.map((field) => columnOf(entry[field])))
  })()
  db.close()
}

const columnOf = (value: unknown) => {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'object' ? JSON.stringify(value) : (value ?? null)
}

const rowsPerSecond = async (size: Size): Promise<number> => {
  const file = join(size.dir, 'rows.db')
  const paths = await withFamilies(size, events, async (server, families) => {
    const asked = families.map((familyId) => timelinePath(familyId, query))
    keepRows(file, await Promise.all(asked.map((path) => readTimeline(server, path, entries))))
    return asked
  })
  const server = await startServer('./plain-server.ts', file)
  for (const path of paths) await readTimeline(server, path, entries)
  const rate = await readPages(server, size, paths)
  await stopServer(server)
  return rate
}

export const timelineRead: Bench = {
  name: 'timeline.read',
  unit: 'requests/s',
  target: atLeast(0.5),
  durability: READ,
  ours: (size) => pagesPerSecond(size, events, query, entries),
  against: { name: 'Fastify, the same 300 rows from SQLite, nothing checked', run: rowsPerSecond },
}
