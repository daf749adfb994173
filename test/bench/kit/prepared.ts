import type { Stored } from '#domain/kernel/event-store.ts'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { seedDirectory } from '#src/seed.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { writePath } from '#src/write/write-path.ts'
import { keysInMemory } from '../../kit/keys.ts'
import { recordVisit } from './visits.ts'

export const VISITS_PREPARED = 4_096

/** Visits as our write path seals them: the bytes that a peer stores are the bytes that we store. */
export const preparedVisits = async (count = VISITS_PREPARED): Promise<readonly Stored[]> => {
  const store = memoryEventStore()
  const now = () => new Date().toISOString()
  const { execute } = writePath({ store, keyring: keysInMemory(), now, calendar: japaneseCalendar })
  await seedDirectory(execute)
  const directory = await store.head()
  for (let number = 0; number < count; number++) await execute(recordVisit(number, uuidV7()))
  return store.after(directory, count)
}
