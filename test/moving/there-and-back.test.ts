import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import Database from 'better-sqlite3'
import t from 'tap'
import { ERASED_TEXT } from '#domain/kernel/sealing.ts'
import { differenceOfKeys, readKeys } from '#infra/keys/kept-keys.ts'
import { readPositions } from '#infra/positions/sqlite.ts'
import { openProcessJournal } from '#infra/process-journal/sqlite.ts'
import { openReadStore } from '#infra/read-store/read-store.ts'
import { projections } from '#projections/registry.ts'
import type { Engine } from '#src/data/engine.ts'
import { positionsFile, processesFile, readModelFile } from '#src/data/files.ts'
import { keyFile } from '#src/data/keys.ts'
import { startSystem } from '#src/system.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'
import { type Door, openTestDoor } from '#test/kit/door.ts'
import { fresh, sendReferral } from '#test/kit/door-story.ts'
import { silent } from '#test/kit/running-system.ts'
import { eventsIn, giveKey, keysIn, livedIn, move, NOW, placesIn, TOLD, toldIn } from './kit/houses.ts'

const { home, directory, back } = placesIn(t)
const lived = await livedIn(home, t, 2_000)
const double = await startDouble()
t.teardown(() => double.stop())
const url = double.url as Engine
for (const place of [directory, back]) giveKey(home, place)

type Page = {
  readonly events: readonly {
    readonly id: string
    readonly sequence: string
    readonly partitionkey: string
  }[]
  readonly cursor: string
}
const enter = (dataDir: string, engine: Engine) =>
  openTestDoor(t, { dataDir, engine, now: () => NOW, sealedReferences: true, feedKeptDays: 36_500 })
const feed = async (door: Door, query: string): Promise<Page> => {
  const answer = await door.get('cityIntegration', `/v1/feeds/referrals?${query}`, await fresh(door))
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}
/** What auditors and coordinators are shown of both families, without positions. */
const seen = async (door: Door) => {
  const { erased, staying, visitOfBoth, adoptedVisit } = lived
  const headers = await fresh(door)
  const certificate = (
    await door.get('auditor', `/v1/families/${erased.id}/erasure-certificate`, headers)
  ).json()
  const words = async (stream: `${string}-${string}`) =>
    (await door.system.store.read(stream))
      .map(door.system.decode)
      .map(({ data, metadata }) => ({ data, metadata }))
  return {
    certificate: { ...certificate, decided: { ...certificate.decided, position: undefined } },
    erased: await words(`family-${erased.id}`),
    staying: await words(`family-${staying.id}`),
    both: await words(`visit-${visitOfBoth}`),
    adopted: await words(`visit-${adoptedVisit}`),
  }
}
const fingerprints = (dataDir: string) => {
  const views = openReadStore({ file: readModelFile(dataDir) })
  const found = Object.fromEntries(projections.map(({ name }) => [name, views.fingerprint(name)]))
  views.close()
  return found
}
const keysOf = (dataDir: string) => {
  const db = new Database(keyFile(dataDir), { readonly: true })
  const keys = readKeys(db)
  db.close()
  if (!keys) throw new Error('no keys')
  return keys
}

const idAt = (position: bigint): string | undefined => {
  const positions = readPositions(positionsFile(directory))
  const found = positions?.beforeOf(position)
  positions?.close()
  return found?.to === position ? found.eventId : undefined
}

const first = await enter(home, 'sqlite')
const firstPage = await feed(first, 'limit=25')
const rest = await feed(first, `limit=500&after=${firstPage.cursor}`)
const before = await seen(first)
await first.stop()
const original = await eventsIn(home)
const keysBefore = keysOf(home)

await t.test('the stories of this test are what they should be', async (t) => {
  t.ok(original.length > 2_050, `${original.length} events`)
  t.ok(rest.events.length > 50, `${rest.events.length} events of the feed behind the cursor`)
  t.match(before.certificate, { familyId: lived.erased.id })
  t.match(JSON.stringify(before.erased), ERASED_TEXT)
  t.match(JSON.stringify(before.both), ERASED_TEXT)
  t.match(JSON.stringify(before.both), '受付の書き違い', 'what was said after the erasure is read')
  t.match(JSON.stringify(before.adopted), TOLD)
})

await t.test('to the cluster: the door behaves as it did, and a cursor goes on where it was', async (t) => {
  const moved = await move(lived, { from: home, to: url, directory })
  t.equal(moved.places.count, original.length)
  t.equal(moved.copied, original.length)
  const [old, now] = [home, directory].map((dir) => openProcessJournal(processesFile(dir)))
  const deadlines = old?.missed('9999', 10_000) ?? []
  t.ok(deadlines.length > 0)
  t.ok(isDeepStrictEqual(now?.missed('9999', 10_000), deadlines), 'the deadlines that run came along')
  t.equal(original.find(({ position }) => position === old?.checkpoint())?.id, idAt(now?.checkpoint() ?? 0n))
  for (const journal of [old, now]) journal?.close()
  const door = await enter(directory, url)
  t.strictSame(await seen(door), before)
  t.strictSame(
    (await feed(door, `limit=500&after=${firstPage.cursor}`)).events,
    rest.events,
    'neither a hole nor a repetition, and the families have the same names',
  )
  const { id } = await sendReferral(door, lived.staying)
  const next = await feed(door, `limit=500&after=${rest.cursor}`)
  t.equal(next.events.length, 1)
  t.match(next.events[0], { subject: id, sequence: String(firstPage.events.length + rest.events.length + 1) })
  await door.stop()
})

await t.test('positions are found again, in both directions', async (t) => {
  const positions = readPositions(positionsFile(directory))
  for (const { position, id } of [original[0], original[700], original.at(-1)].flatMap((one) => one ?? [])) {
    const now = positions?.nowOf(position)
    t.match(now, { from: position, eventId: id })
    t.equal(positions?.beforeOf(now?.to ?? 0n)?.from, position)
    t.equal(positions?.beforeOf((now?.to ?? 0n) + 1n)?.from, position, 'what was recorded by then')
  }
  t.equal(positions?.nowOf(0n), undefined)
  positions?.close()
})

await t.test('back again: the same log, the same keys, the same views', async (t) => {
  const moved = await move(lived, { from: url, to: back })
  const returned = await eventsIn(back)
  t.equal(moved.places.count, returned.length)
  t.strictSame(returned.slice(0, original.length), original, 'event by event, positions too')
  t.equal(differenceOfKeys(keysBefore, keysOf(back)), undefined)

  const journal = new Database(join(back, 'keys.db'), { readonly: true })
  const upTo = journal.prepare('SELECT position FROM followed_up_to').pluck().get() as number
  journal.close()
  const erasure = original.find(({ type }) => type === 'PersonalDataErased')
  t.ok(BigInt(upTo) >= (erasure?.position ?? 0n), 'erasures need not be carried out once more')

  const door = await enter(back, 'sqlite')
  t.strictSame(await seen(door), before)
  const since = await feed(door, `limit=500&after=${firstPage.cursor}`)
  t.strictSame(since.events.slice(0, rest.events.length), rest.events)
  t.equal(since.events.length, rest.events.length + 1, 'with what was sent from the cluster')
  await door.stop()
})

await t.test('straight there and back, every view has the fingerprint that it had', async (t) => {
  const other = await startDouble()
  t.teardown(() => other.stop())
  const root = t.testdir()
  const [told, node, again] = [join(root, 'told'), join(root, 'node'), join(root, 'again')]
  await toldIn(told)
  const keks = keysIn(told)
  await move({ keks }, { from: told, to: other.url, directory: node })
  await move({ keks }, { from: other.url, to: again })
  giveKey(told, again)
  t.strictSame(await eventsIn(again), await eventsIn(told))
  const system = await startSystem({ dataDir: again, engine: 'sqlite', log: silent, tickMs: 0 })
  await system.processes.settled(await system.store.head(), 10_000)
  await system.projector.reached(await system.store.head(), 10_000)
  await system.stop()
  t.strictSame(fingerprints(again), fingerprints(told))
  const journals = [told, again].map((dir) => openProcessJournal(processesFile(dir)))
  const [left, right] = journals.map((journal) => journal.missed('9999', 10_000))
  t.strictSame(right, left, 'and the deadlines that run are found')
  for (const journal of journals) journal.close()
})
