import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Stored } from '#domain/kernel/event-store.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import type { KeyEncryptionKeys } from '#infra/keys/kept-keys.ts'
import { BEGINNING, stories } from '#src/cli/demo/stories.ts'
import { storyClock, tell } from '#src/cli/demo/tell.ts'
import { eventLogFile } from '#src/data/files.ts'
import { devKeyFile, keyAccess } from '#src/data/keys.ts'
import { moveBetween, type Way } from '#src/moving/between.ts'
import { startSystem } from '#src/system.ts'
import { writeCity } from '#test/bench/kit/city.ts'
import { type Door, newId, openTestDoor } from '#test/kit/door.ts'
import { done, eraseFamily, type Family, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { silent } from '#test/kit/running-system.ts'

export const NOW = '2025-06-04T01:00:00.000Z'
export const TOLD = '隣の人が心配していた'
const NOTE = '受付の書き違い'

export type Lived = {
  readonly dataDir: string
  readonly keks: KeyEncryptionKeys
  readonly erased: Family
  readonly staying: Family
  /** Was the erased family's, and is since the staying one's: one key of it is destroyed, another there. */
  readonly visitOfBoth: string
  /** Nobody's at first, then the staying family's: its own key lies under the family's. */
  readonly adoptedVisit: string
}

/** The demo's two stories, told to the end. */
export const toldIn = async (dataDir: string): Promise<void> => {
  const clock = storyClock(BEGINNING)
  const system = await startSystem({ dataDir, engine: 'sqlite', log: silent, now: clock.now, tickMs: 0 })
  await tell(system, clock, Object.values(stories))
  await system.projector.reached(await system.store.head(), 10_000)
  await system.stop()
}

/** What erasing and putting right leave behind in the keys, and a city's families. */
export const livedIn = async (dataDir: string, t: Test, events: number): Promise<Lived> => {
  const door = await openTestDoor(t, { engine: 'sqlite', dataDir, now: () => NOW })
  const [erased, staying] = [await registerFamily(door), await registerFamily(door)]
  await sendReferral(door, staying)
  const [visitOfBoth, adoptedVisit] = [await anonymousVisit(door), await anonymousVisit(door)]
  await anonymousVisit(door)
  for (const { id } of [erased, staying]) await isOf(door, visitOfBoth, id)
  await isOf(door, adoptedVisit, staying.id)
  await eraseFamily(door, erased.id)
  await isOf(door, visitOfBoth, staying.id)
  await door.settled()
  await door.system.eraser.done(await door.system.store.head(), 5_000)
  await door.stop()
  await writeCity(eventLogFile(dataDir), events)
  return { dataDir, keks: keysIn(dataDir), erased, staying, visitOfBoth, adoptedVisit }
}

export const keysIn = (dataDir: string): KeyEncryptionKeys => ({
  keyEncryptionKey: keyAccess(dataDir).keyEncryptionKey,
})

const anonymousVisit = async (door: Door): Promise<string> => {
  const id = newId()
  await done(door, 'nakamura', `/v1/visits/${id}/record`, { visitors: ['mother'], toldBy: TOLD })
  return id
}
const isOf = (door: Door, visit: string, familyId: string) =>
  done(door, 'nakamura', `/v1/visits/${visit}/correct`, { reason: 'lateInformation', note: NOTE, familyId })

/** The development key of one house in another: the same to whoever opens it. */
export const giveKey = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true })
  copyFileSync(devKeyFile(from), devKeyFile(to))
}

export const move = (
  lived: Pick<Lived, 'keks'>,
  way: Pick<Way, 'from' | 'to'> & Partial<Way>,
): ReturnType<typeof moveBetween> =>
  moveBetween({ keks: lived.keks, log: silent, now: () => NOW, step: () => undefined, ...way })

export const eventsIn = async (dataDir: string): Promise<readonly Stored[]> => {
  const store = await openSqliteEventStore({ file: eventLogFile(dataDir), readOnly: true })
  try {
    return await store.after(0n, 1_000_000)
  } finally {
    await store.close()
  }
}

/** All that an embedded log says, positions too: those are 1, 2, 3 … in either. */
export const placesIn = (t: Test) => {
  const root = t.testdir()
  return {
    home: join(root, 'home'),
    directory: join(root, 'node'),
    back: join(root, 'back'),
    esdb: join(root, 'esdb.log'),
  }
}
