import Database from 'better-sqlite3'
import type { Kept } from '../../entry.ts'
import { idBytes, idText } from '../../event-id.ts'
import { useWriteAheadLog } from '../../sqlite/connection.ts'
import { bringToSchema } from '../../sqlite/schema.ts'

const LOCK_WAIT_MS = 5_000

/**
 * This node's copy of the log, in the embedded engine's own form, so that everything which follows, replays or looks up reads
 * it as it reads an embedded log. Not synced at every step: what a power cut forgets is fetched again.
 */
export const openReplicaFile = (file: string) => {
  const db = new Database(file, { timeout: LOCK_WAIT_MS })
  useWriteAheadLog(db, LOCK_WAIT_MS)
  db.pragma('synchronous = NORMAL')
  bringToSchema(db, 'copy')
  const newest = db
    .prepare<[], [number, Buffer]>('SELECT position, id FROM event ORDER BY position DESC LIMIT 1')
    .raw()
  // What the server sends again after a lost connection is here already.
  const insert = db.prepare(
    `INSERT INTO event (position, stream, version, id, type, schema_version, recorded_at, metadata, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (position) DO NOTHING`,
  )
  const setGoal = db.prepare('UPDATE copy SET goal = ?')
  return {
    /** The last event that is here. */
    newest() {
      const row = newest.get()
      return row && { position: BigInt(row[0]), id: idText(row[1]) }
    },
    /** Until it has come so far, nobody who reads it is told that this is all. */
    aimAt: (position: bigint) => void setGoal.run(position),
    keep: db.transaction((events: readonly Kept[]) => {
      for (const [position, stream, version, id, ...rest] of events)
        insert.run(position, stream, version, idBytes(id), ...rest)
    }),
    close: () => db.close(),
  }
}

export type ReplicaFile = ReturnType<typeof openReplicaFile>
