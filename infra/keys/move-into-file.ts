import { chmodSync } from 'node:fs'
import type { KeptKeys } from './kept-keys.ts'
import { openFile } from './key-file.ts'

const LOCK_WAIT_MS = 5_000

/** A key file of one machine with exactly these keys, wrapped as they are. What was in it before is written over. */
export const putKeysIntoFile = (file: string, { index, keys, shared, destroyed }: KeptKeys): void => {
  const db = openFile(file, LOCK_WAIT_MS)
  try {
    chmodSync(file, 0o600)
    const putKey = db.prepare('INSERT INTO key VALUES (@id, @owner, @family, @under, @wrapped)')
    const putShared = db.prepare('INSERT INTO shared VALUES (@family, @key)')
    const putDestroyed = db.prepare('INSERT INTO destroyed VALUES (@family, @at, @because)')
    db.transaction(() => {
      db.exec('DELETE FROM index_key; DELETE FROM key; DELETE FROM shared; DELETE FROM destroyed')
      db.prepare('INSERT INTO index_key VALUES (1, @under, @wrapped)').run(index)
      for (const row of keys) putKey.run(row)
      for (const row of shared) putShared.run(row)
      for (const row of destroyed) putDestroyed.run(row)
    }).immediate()
    db.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
}
