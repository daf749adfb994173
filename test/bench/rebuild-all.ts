import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { eventLogFile } from '#src/data/files.ts'
import { keyAccess, openKeys } from '#src/data/keys.ts'
import { startProjector } from '#src/projector/projector.ts'
import { atLeast, type Bench, type Size } from './kit/bench.ts'
import { largeLog } from './kit/large-log.ts'
import { quiet } from './kit/write-side.ts'

const PAGE = 5_000
const HOUR_MS = 3_600_000

/** Events a second into all views, from an empty read store to the moment in which they are read; threads and indexes counted. */
const rebuiltPerSecond = async (size: Size): Promise<number> => {
  const eventLog = eventLogFile(await largeLog(size))
  const store = await openSqliteEventStore({ file: eventLog, readOnly: true })
  const head = await store.head()
  const keys = keyAccess(size.dir)
  const keyring = openKeys(keys)
  const begun = performance.now()
  const projector = await startProjector({
    store,
    eventLog,
    file: join(size.dir, 'read-models.db'),
    keys,
    keyring,
    log: quiet,
  })
  if (!(await projector.reached(head, HOUR_MS))) throw new Error('not rebuilt')
  const rate = (Number(head) * 1_000) / (performance.now() - begun)
  await projector.stop()
  keyring.close()
  await store.close()
  return rate
}

type Row = { readonly position: number; readonly metadata: string; readonly data: string }

const parsedPerSecond = async (size: Size): Promise<number> => {
  const db = new Database(eventLogFile(await largeLog(size)), { readonly: true })
  const page = db.prepare<[number], Row>(
    `SELECT * FROM event WHERE position > ? ORDER BY position LIMIT ${PAGE}`,
  )
  const begun = performance.now()
  let position = 0
  for (let rows = page.all(position); rows.length > 0; rows = page.all(position))
    for (const row of rows) {
      JSON.parse(row.metadata)
      JSON.parse(row.data)
      position = row.position
    }
  const rate = (position * 1_000) / (performance.now() - begun)
  db.close()
  return rate
}

export const rebuildAll: Bench = {
  name: 'rebuild.all',
  unit: 'events/s',
  target: atLeast(0.25),
  durability: 'derived data, WAL, synchronous=NORMAL',
  ours: rebuiltPerSecond,
  against: { name: 'reading the same events in pages of 5,000 and JSON.parse', run: parsedPerSecond },
}
