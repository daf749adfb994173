import { join } from 'node:path'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { eventLogFile } from '#src/data/files.ts'
import { keyAccess, openKeys } from '#src/data/keys.ts'
import type { Log } from '#src/log.ts'
import { seedDirectory } from '#src/seed.ts'
import { type System, startSystem } from '#src/system.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import type { Execute } from '#src/write/execute.ts'
import { writePath } from '#src/write/write-path.ts'
import { writeFamilies } from './city.ts'
import { recordVisit } from './visits.ts'

export const FAMILIES = 10_000

const complain = (fields: object, text: string) => console.error(text, fields)
const nothing = () => undefined
/** A bench that is warned of something measures something else. */
export const quiet: Log = { debug: nothing, info: nothing, warn: complain, error: complain, fatal: complain }

/** The whole program but the door, over the registrations of 10,000 families, everybody caught up. */
export const startWholeSystem = async (
  dir: string,
): Promise<{ system: System; families: readonly string[] }> => {
  const families = await writeFamilies(join(dir, 'events.db'), FAMILIES, 1)
  const system = await startSystem({ dataDir: dir, engine: 'sqlite', log: quiet, tickMs: 0 })
  await caughtUp(system)
  return { system, families }
}

export const caughtUp = async ({ store, projector, processes }: System): Promise<void> => {
  for (let head = -1n; head !== (await store.head()); ) {
    head = await store.head()
    if (!(await projector.reached(head, 600_000))) throw new Error('the views do not catch up')
    if (!(await processes.settled(head, 600_000))) throw new Error('the processes do not catch up')
  }
}

/** Log and write path alone: what changes with the age of a log changes here. */
export const openWritePath = async (dir: string): Promise<{ execute: Execute; close(): Promise<void> }> => {
  const store = await openSqliteEventStore({ file: eventLogFile(dir) })
  const keyring = openKeys(keyAccess(dir))
  const now = () => new Date().toISOString()
  const { execute } = writePath({ store, keyring, now, calendar: japaneseCalendar })
  await seedDirectory(execute)
  return {
    execute,
    async close() {
      await store.close()
      keyring.close()
    },
  }
}

/** One visit of some family, from the body a tablet sends to the receipt. */
export const visitRecorder = (execute: Execute, families: readonly string[]) => {
  let number = 0
  return async (): Promise<bigint> => {
    number += 1
    const outcome = await execute(
      recordVisit(number, families[(number * 7_919) % families.length] ?? uuidV7()),
    )
    if (outcome.kind !== 'done' || outcome.position === undefined)
      throw new Error(`not recorded: ${outcome.kind}`)
    return outcome.position
  }
}
