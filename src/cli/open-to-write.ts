import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import type { Config } from '#src/config.ts'
import { eventLogFile } from '#src/system.ts'
import { type Execute, executor } from '#src/write/execute.ts'
import { type FoldCache, foldCache } from '#src/write/fold-cache.ts'
import { decode } from './open.ts'

/** The write path alone, for what no view and no process has to know: the directory. */
export type WritePath = { readonly execute: Execute; readonly view: FoldCache; close(): Promise<void> }

export const openToWrite = async ({ DATA_DIR }: Config): Promise<WritePath> => {
  const store = await openSqliteEventStore({ file: eventLogFile(DATA_DIR) })
  const view = foldCache(store, decode)
  const now = () => new Date().toISOString()
  return {
    view,
    execute: executor({ store, decode, view, now, calendar: japaneseCalendar }),
    close: store.close,
  }
}
