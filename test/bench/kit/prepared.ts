import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { seedDirectory } from '#src/seed.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { executor } from '#src/write/execute.ts'
import { foldCache } from '#src/write/fold-cache.ts'
import { recordVisit } from './visits.ts'

export const VISITS_PREPARED = 4_096

/** Visits as our write path seals them: the bytes that a peer stores are the bytes that we store. */
export const preparedVisits = async (count = VISITS_PREPARED): Promise<readonly Stored[]> => {
  const store = memoryEventStore()
  const decode = decoder(catalogue)
  const now = () => new Date().toISOString()
  const execute = executor({ store, decode, view: foldCache(store, decode), now, calendar: japaneseCalendar })
  await seedDirectory(execute)
  const directory = await store.head()
  for (let number = 0; number < count; number++) await execute(recordVisit(number, uuidV7()))
  return store.after(directory, count)
}
