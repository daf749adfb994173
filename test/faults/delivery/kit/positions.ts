import Database from 'better-sqlite3'

/** Where each event stands in a log file, seen from outside. */
export const positionsIn = (file: string): ReadonlyMap<string, bigint> => {
  const db = new Database(file, { readonly: true })
  try {
    const rows = db
      .prepare<[], { id: string; position: bigint }>('SELECT lower(hex(id)) AS id, position FROM event')
      .safeIntegers()
      .all()
    return new Map(rows.map(({ id, position }) => [dashed(id), position]))
  } finally {
    db.close()
  }
}

const dashed = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
