import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'

/**
 * A copy of a SQLite file as of one moment, while others write it; on the disk under its name when this returns, or not at all.
 * False: there is no such file.
 */
export const copyDatabase = (from: string, to: string): boolean => {
  if (!existsSync(from)) return false
  const unfinished = `${to}.unfinished`
  rmSync(unfinished, { force: true })
  const db = new Database(from, { readonly: true, timeout: 5_000 })
  try {
    db.prepare('VACUUM INTO ?').run(unfinished)
  } finally {
    db.close()
  }
  sync(unfinished)
  renameSync(unfinished, to)
  return true
}

const sync = (file: string): void => {
  const handle = openSync(file, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
