import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import type { Config } from '#src/config.ts'
import { openEngine } from '#src/open-engine.ts'
import { type WritePath, writePath } from '#src/write/write-path.ts'
import { keyringOf, quietLog } from './open.ts'

/** The write path alone, for what no view and no process has to know: the directory. */
export type OpenToWrite = WritePath & { close(): Promise<void> }

export const openToWrite = async (config: Config): Promise<OpenToWrite> => {
  const { store } = await openEngine(config.EVENT_STORE, config.DATA_DIR, quietLog)
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
