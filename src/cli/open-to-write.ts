import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import type { Config } from '#src/config.ts'
import { openData } from '#src/data/open.ts'
import { type WritePath, writePath } from '#src/write/write-path.ts'
import { dataOf } from './open.ts'

/** The write path alone, for what no view and no process has to know: the directory. */
export type OpenToWrite = WritePath & { close(): Promise<void> }

export const openToWrite = async (config: Config): Promise<OpenToWrite> => {
  const { store, keyring, close } = await openData(dataOf(config))
  const now = () => new Date().toISOString()
  return { ...writePath({ store, keyring, now, calendar: japaneseCalendar }), close }
}
