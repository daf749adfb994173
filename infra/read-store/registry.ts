import type Database from 'better-sqlite3'
import { ReadStoreDamaged } from './errors.ts'

/** One table of rows, and how far the log is in it. A view has one that is read and, at times, one being built beside it. */
export type Generation = {
  readonly id: number
  readonly name: string
  readonly version: number
  readonly live: boolean
  readonly position: bigint
  readonly columns: readonly string[]
}

const LAYOUT = 1

/** `AUTOINCREMENT`: an id never comes back, so what a reader has prepared for one never meets another table. */
const TABLES = `
  CREATE TABLE generation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    live INTEGER NOT NULL,
    position INTEGER NOT NULL,
    columns TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX one_live_one_building ON generation (name, live);
  PRAGMA user_version = ${LAYOUT};
`

const layoutOf = (db: Database.Database): number => Number(db.pragma('user_version', { simple: true }))

export const isEmpty = (db: Database.Database): boolean => layoutOf(db) === 0

export const bringToLayout = (db: Database.Database): void => {
  db.transaction(() => {
    if (isEmpty(db)) db.exec(TABLES)
  }).immediate()
  refuseOtherLayout(db)
}

export const refuseOtherLayout = (db: Database.Database): void => {
  const found = layoutOf(db)
  if (found !== LAYOUT)
    throw new ReadStoreDamaged(`read store of layout ${found}, this program knows ${LAYOUT}`)
}

type Row = {
  readonly id: bigint
  readonly name: string
  readonly version: bigint
  readonly live: bigint
  readonly position: bigint
  readonly columns: string
}

const COLUMNS = 'id, name, version, live, position, columns'

const toGeneration = ({ id, name, version, live, position, columns }: Row): Generation => ({
  id: Number(id),
  name,
  version: Number(version),
  live: live === 1n,
  position,
  columns: columns.split(' ').filter(Boolean),
})

/** Positions are 64 bits on some engines, hence bigint throughout. */
export const registry = (db: Database.Database) => {
  const all = db.prepare<[], Row>(`SELECT ${COLUMNS} FROM generation ORDER BY id`).safeIntegers()
  const live = db
    .prepare<[string], Row>(`SELECT ${COLUMNS} FROM generation WHERE name = ? AND live = 1`)
    .safeIntegers()
  const liveId = db.prepare<[string], number>('SELECT id FROM generation WHERE name = ? AND live = 1').pluck()
  const advance = db.prepare('UPDATE generation SET position = ? WHERE id = ? AND position = ?')
  const add = db.prepare(
    'INSERT INTO generation (name, version, live, position, columns) VALUES (?, ?, 0, 0, ?)',
  )
  const remove = db.prepare('DELETE FROM generation WHERE id = ?')
  const publish = db.prepare('UPDATE generation SET live = 1 WHERE id = ?')
  return {
    all: (): readonly Generation[] => all.all().map(toGeneration),
    live(name: string): Generation | undefined {
      const row = live.get(name)
      return row && toGeneration(row)
    },
    liveId: (name: string): number | undefined => liveId.get(name),
    /** False when somebody else has moved it, or it is gone. */
    advance: (id: number, from: bigint, to: bigint): boolean => advance.run(to, id, from).changes === 1,
    add(name: string, version: number, columns: readonly string[]): number {
      return Number(add.run(name, version, columns.join(' ')).lastInsertRowid)
    },
    remove: (id: number): void => void remove.run(id),
    publish: (id: number): boolean => publish.run(id).changes === 1,
  }
}

export type Registry = ReturnType<typeof registry>
