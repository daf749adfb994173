import { streamName } from '#domain/kernel/event.ts'
import type { EventStore } from '#domain/kernel/event-store.ts'
import { isSealed } from '#domain/kernel/keyring.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { eventLogFile } from '#src/data/files.ts'

/** Families live beside each other: the first sessions of all of them are among these. */
const LOOKED_AT = 5_000

/** How often a reading of these families was written down. */
export const viewingsOf = (dir: string, families: readonly string[]): Promise<number> =>
  inLog(dir, async (store) => {
    const streams = await Promise.all(families.map((familyId) => store.read(streamName('access', familyId))))
    return streams.flat().filter(({ type }) => type === 'RecordViewed').length
  })

/** Of how many talks the log keeps what was said under seal, and of how many as it was said. */
export const talksOf = (dir: string): Promise<{ readonly sealed: number; readonly plain: number }> =>
  inLog(dir, async (store) => {
    const talks = (await store.after(0n, LOOKED_AT)).filter(
      ({ type }) => type === 'ConsultationSessionRecorded',
    )
    const sealed = talks.filter(({ data }) => isSealed((data as { facts?: unknown }).facts)).length
    return { sealed, plain: talks.length - sealed }
  })

const inLog = async <T>(dir: string, look: (store: EventStore) => Promise<T>): Promise<T> => {
  const store = await openSqliteEventStore({ file: eventLogFile(dir), readOnly: true })
  try {
    return await look(store)
  } finally {
    await store.close()
  }
}
