import { createHash } from 'node:crypto'
import type Database from 'better-sqlite3'
import type { Generation } from './registry.ts'
import { quoted, tableOf } from './table.ts'

/** What is read under a name: the same log gives the same digest, however and how often it was built. */
export type Fingerprint = { readonly version: number; readonly position: bigint; readonly digest: string }

/** SHA-256 over all rows in the byte order of their keys, with what they are found by. */
export const fingerprintOf = (db: Database.Database, generation: Generation): Fingerprint => {
  const columns = ['key', ...generation.columns, 'body'].map(quoted)
  const rows = db.prepare(`SELECT ${columns.join(', ')} FROM ${tableOf(generation)} ORDER BY key`).raw()
  const hash = createHash('sha256')
  for (const row of rows.iterate()) hash.update(`${JSON.stringify(row)}\n`)
  return { version: generation.version, position: generation.position, digest: hash.digest('hex') }
}
