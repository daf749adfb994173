import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import type { Config } from '#src/config.ts'
import { eventLogFile } from '#src/files.ts'
import { type WritePath, writePath } from '#src/write/write-path.ts'
import { keyringOf } from './open.ts'

/** The write path alone, for what no view and no process has to know: the directory. */
export type OpenToWrite = WritePath & { close(): Promise<void> }

export const openToWrite = async (config: Config): Promise<OpenToWrite> => {
  const store = await openSqliteEventStore({ file: eventLogFile(config.DATA_DIR) })
  const keyring = keyringOf(config)
  const now = () => new Date().toISOString()
  return {
    ...writePath({ store, keyring, now, calendar: japaneseCalendar }),
    async close() {
      await store.close()
      keyring.close()
    },
  }
}
