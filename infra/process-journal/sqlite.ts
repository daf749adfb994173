import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { StreamName } from '#domain/kernel/event.ts'
import type { Deadline } from '#domain/kernel/process.ts'

export type DueDeadline = Deadline & { readonly stream: StreamName }

/** What the processes remember between two runs: how far they have read, and the deadlines that are running. Derived from the log. */
export type ProcessJournal = {
  checkpoint(): bigint
  /** One transaction: everything up to `position` has been followed up, and these streams have these deadlines now. */
  save(position: bigint, deadlines: ReadonlyMap<StreamName, readonly Deadline[]>): void
  /** Deadlines missed at `now`, earliest first. */
  missed(now: string, limit: number): readonly DueDeadline[]
  close(): void
}

/** `file`: a path, or `:memory:`. Not synced at every step: what a power cut forgets is done again, to the same effect. */
export const openProcessJournal = (file: string): ProcessJournal => {
  const db = new Database(file, { timeout: 5_000 })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.exec(`
    CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS deadline (
      stream TEXT NOT NULL, number INTEGER NOT NULL, after TEXT NOT NULL, command TEXT NOT NULL, data TEXT NOT NULL,
      PRIMARY KEY (stream, number)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS deadline_after ON deadline (after);
  `)
  const progress = db.prepare<[], bigint>('SELECT position FROM progress').pluck().safeIntegers()
  const advance = db.prepare(
    'INSERT INTO progress VALUES (1, ?) ON CONFLICT DO UPDATE SET position = excluded.position',
  )
  const clear = db.prepare('DELETE FROM deadline WHERE stream = ?')
  const add = db.prepare('INSERT INTO deadline VALUES (?, ?, ?, ?, ?)')
  const due = db.prepare<
    [string, number],
    { stream: StreamName; after: string; command: string; data: string }
  >('SELECT stream, after, command, data FROM deadline WHERE after < ? ORDER BY after LIMIT ?')

  const save = db.transaction((position: bigint, deadlines: ReadonlyMap<StreamName, readonly Deadline[]>) => {
    for (const [stream, running] of deadlines) {
      clear.run(stream)
      running.forEach(({ after, command, data }, number) => {
        add.run(stream, number, after, command, JSON.stringify(data))
      })
    }
    advance.run(position)
  })

  return {
    checkpoint: () => progress.get() ?? 0n,
    save: (position, deadlines) => save(position, deadlines),
    missed: (now, limit) =>
      due.all(now, limit).map(({ data, ...rest }) => ({ ...rest, data: JSON.parse(data) })),
    close: () => db.close(),
  }
}

/** What a journal that nobody has open says; 0 where there is none. */
export const checkpointIn = (file: string): bigint => {
  if (!existsSync(file)) return 0n
  const journal = openProcessJournal(file)
  try {
    return journal.checkpoint()
  } finally {
    journal.close()
  }
}
