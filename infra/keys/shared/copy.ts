import type Database from 'better-sqlite3'
import { KeyMissing } from '#domain/kernel/keyring.ts'
import { isCopy, openFile } from '../key-file.ts'
import type { KeyFact } from './facts.ts'

/** A node's copy of the keys that a cluster shares, in the form of a key file of one node alone. */
export type KeyCopy = ReturnType<typeof keyCopy>

/** @throws KeyMissing when keys were made in this file for a log of its own */
export const openCopyFile = (file: string, lockWaitMs: number): Database.Database => {
  const db = openFile(file, lockWaitMs)
  const make = db.transaction(() => {
    if (isCopy(db)) return
    if (db.prepare('SELECT 1 FROM index_key').get())
      throw new KeyMissing(`${file} holds the keys of another log, one that is not on a cluster`)
    db.exec(`
      CREATE TABLE copied_up_to (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, destroyed INTEGER NOT NULL, written_over INTEGER NOT NULL, cluster TEXT);
      INSERT INTO copied_up_to VALUES (1, 0, 0, 0, NULL);
      CREATE TABLE copied_at (key TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
    `)
  })
  try {
    make.immediate()
  } catch (error) {
    db.close()
    throw error
  }
  return db
}

type State = { readonly position: number; readonly destroyed: number; readonly writtenOver: number }

/**
 * Takes facts in any order, and again: of one key the newest counts, and a destroyed one never comes back. So the thread that follows
 * the server and whoever has just asked or told it something may both bring them.
 */
export const keyCopy = (db: Database.Database) => {
  const state = db.prepare<[], State>(
    'SELECT position, destroyed, written_over AS writtenOver FROM copied_up_to',
  )
  const goneOf = db.prepare<[string], number>('SELECT wrapped IS NULL FROM key WHERE id = ?').pluck()
  const takenAt = db.prepare<[string], number>('SELECT position FROM copied_at WHERE key = ?').pluck()
  const noteAt = db.prepare(
    'INSERT INTO copied_at VALUES (?, ?) ON CONFLICT DO UPDATE SET position = excluded.position',
  )
  const put = db.prepare(
    `INSERT INTO key (id, owner, family, under, wrapped) VALUES (@id, @owner, @family, @under, @wrapped)
     ON CONFLICT (id) DO UPDATE SET family = excluded.family, under = excluded.under, wrapped = excluded.wrapped`,
  )
  const putIndex = db.prepare(
    `INSERT INTO index_key VALUES (1, ?, ?)
     ON CONFLICT DO UPDATE SET under = excluded.under, wrapped = excluded.wrapped`,
  )
  const cluster = db.prepare<[], string | null>('SELECT cluster FROM copied_up_to').pluck()
  const noteCluster = db.prepare('UPDATE copied_up_to SET cluster = ?')
  const share = db.prepare('INSERT OR IGNORE INTO shared (family, key) VALUES (?, ?)')
  // A stream outlives its key, and may have another one.
  const end = db.prepare(
    `UPDATE key SET wrapped = NULL, owner = iif(owner ->> 0 = 'stream', owner || id, owner)
     WHERE id = ? AND wrapped IS NOT NULL`,
  )
  const neverHere = db.prepare(
    `INSERT OR IGNORE INTO key (id, owner, family, under, wrapped) VALUES (?, '["destroyed"]', ?, NULL, NULL)`,
  )
  const note = db.prepare('INSERT OR IGNORE INTO destroyed (family, at, because) VALUES (?, ?, ?)')
  const noteDestroyed = db.prepare(
    'UPDATE copied_up_to SET destroyed = max(destroyed, @version) WHERE destroyed >= @version - 1',
  )
  const noteWrittenOver = db.prepare('UPDATE copied_up_to SET written_over = written_over + ?')
  const notePosition = db.prepare('UPDATE copied_up_to SET position = max(position, ?)')

  /** The index key is remembered under a name that no key has. */
  const isNews = (id: string, at: bigint): boolean => {
    if (BigInt(takenAt.get(id) ?? -1) >= at) return false
    noteAt.run(id, Number(at))
    return true
  }
  /** @returns how many keys were written over */
  const takeOne = (fact: KeyFact): number => {
    switch (fact.kind) {
      case 'kept': {
        const gone = goneOf.get(fact.row.id)
        if (gone === 1 || !isNews(fact.row.id, fact.at)) return 0
        put.run(fact.row)
        return gone === undefined ? 0 : 1
      }
      case 'index': {
        if ((cluster.get() ?? fact.cluster) !== fact.cluster)
          throw new KeyMissing('the copy of the keys is another cluster’s')
        noteCluster.run(fact.cluster)
        return isNews('index', fact.at) ? putIndex.run(fact.under, fact.wrapped).changes : 0
      }
      case 'shared':
        share.run(fact.family, fact.key)
        return 0
      case 'destroyed': {
        note.run(fact.familyId, fact.when, fact.because)
        noteDestroyed.run({ version: fact.version })
        let ended = 0
        for (const id of fact.keys) {
          ended += end.run(id).changes
          neverHere.run(id, fact.familyId)
        }
        return ended
      }
    }
  }
  const all = db.transaction((facts: readonly KeyFact[], position?: bigint): void => {
    const writtenOver = facts.reduce((count, fact) => count + takeOne(fact), 0)
    if (writtenOver > 0) noteWrittenOver.run(writtenOver)
    if (position !== undefined) notePosition.run(Number(position))
  })
  const now = (): State => state.get() ?? { position: 0, destroyed: 0, writtenOver: 0 }

  return {
    /** Everything up to here has been taken. */
    position: (): bigint => BigInt(now().position),
    /** So many of what stands in the stream of the destroyed. */
    destroyedUpTo: (): number => now().destroyed,
    /** How many keys have ever been destroyed or wrapped anew in this file: what lay there must not be left beside it. */
    writtenOver: (): number => now().writtenOver,
    /** `position`: nothing before it is missing here any more. @throws KeyMissing for another cluster's */
    take(facts: readonly KeyFact[], position?: bigint): void {
      if (facts.length > 0 || position !== undefined) all.immediate(facts, position)
    },
  }
}
