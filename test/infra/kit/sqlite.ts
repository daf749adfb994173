import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { EventStore } from '#domain/kernel/event-store.ts'
import { openSqliteEventStore, type SqliteEventStoreOptions } from '#infra/event-store/sqlite/event-store.ts'

export const newFile = (t: Test): string => join(t.testdir(), `${randomUUID()}.db`)

/** Closed with the test. */
export const open = async (t: Test, options: SqliteEventStoreOptions): Promise<EventStore> => {
  const store = await openSqliteEventStore(options)
  t.teardown(() => store.close())
  return store
}
