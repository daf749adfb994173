import { copyFileSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { ERASED_TEXT } from '#domain/kernel/sealing.ts'
import { keyFile } from '#src/data/keys.ts'
import { type Door, newId, openTestDoor } from '#test/kit/door.ts'
import { done, eraseFamily, fresh, recordVisit, registerFamily } from '#test/kit/door-story.ts'

const now = () => '2024-06-04T01:00:00.000Z'
const TOLD = '隣の人が心配していた'
const NOTE = '受付の書き違い'

const history = async (door: Door, familyId: string): Promise<string> =>
  (await door.get('nakamura', `/v1/families/${familyId}/timeline?history=true&limit=500`, await fresh(door)))
    .body
/** The whole stream as who holds the keys reads it. */
const opened = async ({ system }: Door, stream: `${string}-${string}`): Promise<string> =>
  JSON.stringify(
    (await system.store.read(stream)).map(system.decode).map(({ data, metadata }) => [data, metadata]),
  )

const anonymousVisit = async (door: Door): Promise<string> => {
  const id = newId()
  await done(door, 'nakamura', `/v1/visits/${id}/record`, { visitors: ['mother'], toldBy: TOLD })
  return id
}
const isOf = (door: Door, visit: string, familyId: string | null) =>
  done(door, 'nakamura', `/v1/visits/${visit}/correct`, { reason: 'lateInformation', note: NOTE, familyId })

const gone = async (t: Test, door: Door, visit: string, familyId: string) => {
  const shown = await history(door, familyId)
  t.match(shown, visit, 'that there was a visit stays')
  for (const read of [shown, await opened(door, `visit-${visit}`)])
    t.notMatch(read, new RegExp(`${TOLD}|${NOTE}`))
}

await t.test('what was told of a visit before its family was known goes with the family', async (t) => {
  const door = await openTestDoor(t, { now })
  const [family, visit] = [await registerFamily(door), await anonymousVisit(door)]
  const other = await anonymousVisit(door)
  await isOf(door, visit, family.id)
  t.match(await history(door, family.id), TOLD, 'until then it is read')
  await eraseFamily(door, family.id)
  await gone(t, door, visit, family.id)
  t.match(await opened(door, `visit-${other}`), TOLD, 'another visit is nobody’s still')
})

await t.test('a visit put right from one family to another goes with either of them', async (t) => {
  const door = await openTestDoor(t, { now })
  for (const isFirstErased of [true, false]) {
    const [wrong, right] = [await registerFamily(door), await registerFamily(door)]
    const visits = [await anonymousVisit(door), await recordVisit(door, wrong, { toldBy: TOLD })]
    for (const visit of visits) {
      await isOf(door, visit, wrong.id)
      await isOf(door, visit, right.id)
    }
    await eraseFamily(door, isFirstErased ? wrong.id : right.id)
    for (const visit of visits) await gone(t, door, visit, right.id)
    if (!isFirstErased) continue
    await isOf(door, visits[0] ?? '', right.id)
    t.match(await opened(door, `visit-${visits[0]}`), NOTE, 'and the other family’s visit can be written on')
  }
})

await t.test('a member’s name given before the family is known goes with the family', async (t) => {
  const door = await openTestDoor(t, { now })
  const family = await registerFamily(door)
  const id = newId()
  const name = '会員 花子'
  await done(door, 'coordinator', `/v1/memberships/${id}/attend-orientation`, { name })
  await done(door, 'coordinator', `/v1/memberships/${id}/register`, {
    familyId: family.id,
    kind: 'user',
    name,
  })
  t.match(await opened(door, `membership-${id}`), name)
  await eraseFamily(door, family.id)
  t.notMatch(await opened(door, `membership-${id}`), name)
  t.match(await opened(door, `membership-${id}`), ERASED_TEXT)
})

await t.test('an older key file, from before the visit had its family, changes nothing', async (t) => {
  const first = await openTestDoor(t, { engine: 'sqlite', now })
  const { dataDir } = first
  const [file, backup] = [keyFile(dataDir), `${dataDir}/keys-backup.db`]
  const [family, visit] = [await registerFamily(first), await anonymousVisit(first)]
  await first.settled()
  const keys = new Database(file)
  await keys.backup(backup)
  keys.close()
  await isOf(first, visit, family.id)
  await eraseFamily(first, family.id)
  await first.stop()
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true })
  copyFileSync(backup, file)

  const again = await openTestDoor(t, { engine: 'sqlite', now, dataDir })
  t.ok(await again.system.eraser.done(await again.system.store.head(), 5_000))
  await gone(t, again, visit, family.id)
})
