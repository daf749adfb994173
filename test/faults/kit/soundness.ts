import Database from 'better-sqlite3'

/** What is wrong with a log file, seen from outside: nothing, when all is well. */
export const defectsOf = (file: string): readonly string[] => {
  const db = new Database(file, { readonly: true })
  try {
    const number = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? 0
    const defects = {
      'events missing between positions': number('SELECT coalesce(max(position), 0) - count(*) FROM event'),
      'streams with a hole in their versions': number(
        'SELECT count(*) FROM (SELECT 1 FROM event GROUP BY stream HAVING max(version) != count(*))',
      ),
      'ids more than once': number('SELECT count(*) - count(DISTINCT id) FROM event'),
      'versions in another order than positions': number(
        `SELECT count(*) FROM (SELECT version - lag(version) OVER (PARTITION BY stream ORDER BY position) AS step FROM event)
         WHERE step != 1`,
      ),
    }
    const integrity = String(db.pragma('integrity_check', { simple: true }))
    return [
      ...Object.entries(defects).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`])),
      ...(integrity === 'ok' ? [] : [integrity]),
    ]
  } finally {
    db.close()
  }
}

export const idsIn = (file: string): ReadonlySet<string> => {
  const db = new Database(file, { readonly: true })
  try {
    return new Set(db.prepare<[], string>('SELECT lower(hex(id)) FROM event').pluck().all())
  } finally {
    db.close()
  }
}

/** Acknowledged ids that the log does not have. */
export const lostFrom = (file: string, ids: readonly string[]): readonly string[] => {
  const kept = idsIn(file)
  return ids.filter((id) => !kept.has(id.replaceAll('-', '')))
}
