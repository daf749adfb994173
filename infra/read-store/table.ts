import type Database from 'better-sqlite3'
import type { ColumnValue, Projection } from '#domain/kernel/projection.ts'
import { CheckpointMoved, isMissingTable, ReadStoreDamaged } from './errors.ts'

const NAME = /^[a-z][a-z0-9-]*$/
const COLUMN = /^[a-z][A-Za-z0-9]*$/
const RESERVED = new Set(['key', 'body', 'rowid', 'oid'])

export const columnsOf = (of: Projection): readonly string[] => Object.keys(of.columns)

/** Names become SQL: what the code declares is checked once, what comes from outside never gets there. */
export const refuseOddNames = ({ name, columns, indexes }: Projection): void => {
  if (!NAME.test(name)) throw new TypeError(`projection ${JSON.stringify(name)}: not a kebab-case name`)
  for (const column of Object.keys(columns))
    if (!COLUMN.test(column) || RESERVED.has(column))
      throw new TypeError(`${name}: no column can be called ${column}`)
  for (const column of indexes.flat())
    if (!Object.hasOwn(columns, column))
      throw new TypeError(`${name}: index on ${column}, which is not declared`)
}

export const quoted = (name: string): string => `"${name}"`
export const tableOf = ({ name, id }: { readonly name: string; readonly id: number }): string =>
  quoted(`${name}#${id}`)

/** With row ids: a table that is its own index wins nothing while keys come in order, and is three times slower when they do not. */
export const createTable = (db: Database.Database, of: Projection, id: number): void => {
  const columns = Object.entries(of.columns).map(
    ([name, { type }]) => `${quoted(name)} ${type.toUpperCase()}, `,
  )
  const table = tableOf({ name: of.name, id })
  db.exec(
    `CREATE TABLE ${table} (key TEXT PRIMARY KEY NOT NULL, ${columns.join('')}body TEXT NOT NULL) STRICT`,
  )
}

export const createIndexes = (db: Database.Database, of: Projection, id: number): void => {
  of.indexes.forEach((index, number) => {
    const name = quoted(`${of.name}#${id}/${number}`)
    const columns = index.map(quoted).join(', ')
    db.exec(`CREATE INDEX IF NOT EXISTS ${name} ON ${tableOf({ name: of.name, id })} (${columns})`)
  })
}

export const dropTable = (
  db: Database.Database,
  of: { readonly name: string; readonly id: number },
): void => {
  db.exec(`DROP TABLE IF EXISTS ${tableOf(of)}`)
}

export const rowStatements = (db: Database.Database, of: Projection, id: number) => {
  const table = tableOf({ name: of.name, id })
  const columns = [...columnsOf(of).map(quoted), 'body']
  const read = db.prepare<[string], string>(`SELECT body FROM ${table} WHERE key = ?`).pluck()
  const write = db.prepare<ColumnValue[]>(
    `INSERT INTO ${table} (key, ${columns.join(', ')}) VALUES (?${', ?'.repeat(columns.length)})
     ON CONFLICT (key) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
  )
  const remove = db.prepare<[string]>(`DELETE FROM ${table} WHERE key = ?`)
  return {
    read(key: string): unknown {
      try {
        const body = read.get(key)
        return body === undefined ? undefined : parseBody(body)
      } catch (error) {
        throw isMissingTable(error) ? new CheckpointMoved(of.name, { cause: error }) : error
      }
    },
    write: (key: string, columns: readonly ColumnValue[], body: string): void => {
      write.run(key, ...columns, body)
    },
    remove: (key: string): void => void remove.run(key),
  }
}

export const parseBody = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new ReadStoreDamaged('a row of the read store is not JSON', { cause })
  }
}
