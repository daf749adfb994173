import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import type { Stored } from '#domain/kernel/event-store.ts'
import { wholeLog } from '#infra/event-store/eventstoredb/whole-log.ts'
import { openLogAlone } from '#infra/event-store/sqlite/alone.ts'
import { connect } from '#infra/eventstoredb/connection.ts'
import { openPositions } from '#infra/positions/sqlite.ts'
import { eventLogFile, positionsFile } from '#src/data/files.ts'
import { keyFile } from '#src/data/keys.ts'
import { clusterHouse } from '#src/moving/cluster-house.ts'
import { embeddedSource, embeddedTarget } from '#src/moving/embedded-house.ts'
import type { House } from '#src/moving/house.ts'
import { moveHouse } from '#src/moving/move.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'
import { startDoubleProcess } from '#test/eventstoredb-double/kit/process.ts'
import { openTestDoor } from '#test/kit/door.ts'
import { silent } from '#test/kit/running-system.ts'
import { eventsIn, livedIn, move, NOW, placesIn } from './kit/houses.ts'

const { home } = placesIn(t)
const lived = await livedIn(home, t, 200)
const original = await eventsIn(home)
const { keks } = lived

const emptyCluster = async (t: Test): Promise<string> => {
  const double = await startDouble()
  t.teardown(() => double.stop())
  return double.url
}
const putOnCluster = async (url: string, events: readonly Stored[]): Promise<void> => {
  const connection = connect({ url })
  t.equal(await wholeLog(connection).append(events), undefined)
  await connection.close()
}
const countOnCluster = async (url: string): Promise<number> => {
  const connection = connect({ url })
  const all = await wholeLog(connection).after(0n, 100_000)
  await connection.close()
  return all.length
}

/** One letter of one event, in the file in which the double keeps what it has acknowledged. */
const altered = (file: string, victim: Stored | undefined): string => {
  const lines = file.split('\n').map((line) => {
    if (!victim || !line.includes(victim.id)) return line
    return JSON.stringify(
      JSON.parse(line).map((write: { i: string; d: string }) => {
        if (write.i !== victim.id) return write
        const data = Buffer.from(write.d, 'base64')
          .toString()
          .replace(/"children":\d/, '"children":9')
        return { ...write, d: Buffer.from(data).toString('base64') }
      }),
    )
  })
  return lines.join('\n')
}

await t.test('a cluster with other events is refused, and left as it was', async (t) => {
  const url = await emptyCluster(t)
  await putOnCluster(
    url,
    original.slice(20, 21).map((event) => ({ ...event, version: 1 })),
  )
  await t.rejects(move(lived, { from: home, to: url, directory: t.testdir() }), {
    name: 'NotMoved',
    message: /position 1 .*another id/,
  })
  t.equal(await countOnCluster(url), 1)
})

await t.test('a directory with another log is refused', async (t) => {
  const url = await emptyCluster(t)
  await move(lived, { from: home, to: url, directory: t.testdir() })
  const other = join(t.testdirName, 'other')
  const theirs = await livedIn(other, t, 20)
  await t.rejects(move(theirs, { from: url, to: other }), { name: 'KeyMissing' }, 'it lies under another key')
  await t.rejects(move(lived, { from: url, to: other }), { name: 'NotMoved', message: /not the same log/ })
})

await t.test('keys of another log are refused before anything is written', async (t) => {
  const url = await emptyCluster(t)
  const other = join(t.testdir(), 'other')
  const door = await openTestDoor(t, { dataDir: other, engine: url as 'esdb://' })
  await door.stop()
  const connection = connect({ url })
  t.ok((await wholeLog(connection).after(0n, 1)).length > 0)
  await connection.close()
  await t.rejects(move(lived, { from: home, to: url, directory: join(other, 'node') }), { name: 'NotMoved' })
})

await t.test('what an earlier run has left is a beginning, on the cluster and in a directory', async (t) => {
  const url = await emptyCluster(t)
  await putOnCluster(url, original.slice(0, 70))
  const root = t.testdir()
  const there = await move(lived, { from: home, to: url, directory: join(root, 'node') })
  t.equal(there.copied, original.length - 70)

  const back = join(root, 'back')
  rmSync(back, { recursive: true, force: true })
  const target = embeddedTarget(back)
  await target.append(original.slice(0, 33))
  await target.close()
  const returned = await move(lived, { from: url, to: back })
  t.equal(returned.copied, original.length - 33)
  t.strictSame(await eventsIn(back), original)
  t.equal((await move(lived, { from: url, to: back })).copied, 0, 'and once more there is nothing to do')
})

await t.test('whoever has the log open must end first', async (t) => {
  const dataDir = join(t.testdir(), 'home')
  cpSync(home, dataDir, { recursive: true })
  const url = await emptyCluster(t)
  const door = await openTestDoor(t, { engine: 'sqlite', dataDir, now: () => NOW })
  const way = { from: dataDir, to: url, directory: join(t.testdirName, 'node') }
  await t.rejects(move(lived, way), { name: 'StoreUnavailable', message: /another program has/ })
  await door.stop()
  const source = embeddedSource(dataDir)
  await t.rejects(openTestDoor(t, { engine: 'sqlite', dataDir }), 'and nobody begins while it is moved')
  await source.close()
  await t.resolves(move(lived, way))
})

await t.test('no keys, no other key, no other way', async (t) => {
  const dataDir = join(t.testdir(), 'home')
  cpSync(home, dataDir, { recursive: true })
  const url = await emptyCluster(t)
  const way = { from: dataDir, to: url, directory: join(t.testdirName, 'node') }
  await t.rejects(move({ keks: { keyEncryptionKey: randomBytes(32) } }, way), { name: 'KeyMissing' })
  rmSync(keyFile(dataDir))
  await t.rejects(move(lived, way), { name: 'NotMoved', message: /with its keys/ })
  await t.rejects(move(lived, { from: home, to: dataDir }), { name: 'NotMoved' })
  await t.rejects(move(lived, { from: url, to: url }), { name: 'NotMoved' })
  t.equal(await countOnCluster(url), 0)
})

await t.test('an event that was altered where it lies is named', async (t) => {
  const esdb = join(t.testdir(), 'esdb.log')
  const double = await startDoubleProcess({ dataFile: esdb })
  t.teardown(() => double.stop())
  const way = { from: home, to: double.url, directory: join(t.testdirName, 'node') }
  await move(lived, way)
  const back = join(t.testdirName, 'back')
  await move(lived, { from: double.url, to: back })

  const victim = original.findLast(({ type }) => type === 'VisitRecorded')
  const named = new RegExp(`position ${victim?.position} \\(${victim?.stream}, version 1\\).* another data`)
  await double.kill()
  writeFileSync(esdb, altered(readFileSync(esdb, 'utf8'), victim))
  await double.restart()
  await t.rejects(move(lived, way), { name: 'NotMoved', message: named })

  const db = new Database(eventLogFile(back))
  db.exec('DROP TRIGGER event_is_never_edited')
  db.prepare("UPDATE event SET type = 'VisitCorrected' WHERE position = 12").run()
  db.close()
  await t.rejects(move(lived, { from: double.url, to: back }), { name: 'NotMoved', message: /another type/ })
})

/** The move with houses of which one does not do as it should. */
const moveWith = async (
  t: Test,
  spoil: { source?: (house: House) => House; target?: (house: House) => House },
) => {
  const url = await emptyCluster(t)
  const root = t.testdir()
  const node = join(root, 'node')
  const whole = (house: House): House => house
  const source = embeddedSource(home)
  const target = clusterHouse({ url, directory: node, keks, log: silent })
  const positions = openPositions(join(root, 'positions.db'))
  try {
    return await moveHouse({
      source: (spoil.source ?? whole)(source),
      target: (spoil.target ?? whole)(target),
      keks,
      positions,
      stillMs: 0,
      pageSize: 50,
      step: () => undefined,
    })
  } finally {
    positions.close()
    await source.close()
    await target.close()
  }
}

await t.test('what was copied wrongly is found by reading it back', async (t) => {
  const at = 90
  const target = (house: House): House => ({
    ...house,
    append: (events) =>
      house.append(
        events.map((event) =>
          event.position === BigInt(at) ? { ...event, recordedAt: '2001-01-01T00:00:00.000Z' } : event,
        ),
      ),
  })
  await t.rejects(moveWith(t, { target }), {
    name: 'NotMoved',
    message: new RegExp(`position ${at} .*another recordedAt`),
  })
})

await t.test('what did not arrive is found', async (t) => {
  const lost = (house: House): House => ({
    ...house,
    append: (events) => house.append(events.filter(({ position }) => position < 200n)),
  })
  await t.rejects(moveWith(t, { target: lost }), { name: 'NotMoved', message: /holds 199 events/ })
})

await t.test('a key that did not arrive, or that came back to life, is found', async (t) => {
  const without = (house: House): House => ({
    ...house,
    takeKeys: (keys, step) => house.takeKeys({ ...keys, keys: keys.keys.slice(1) }, step),
  })
  await t.rejects(moveWith(t, { target: without }), { name: 'NotMoved', message: /key \S+ is missing/ })
  const living = (house: House): House => ({
    ...house,
    takeKeys: (keys, step) => house.takeKeys({ ...keys, destroyed: [] }, step),
  })
  await t.rejects(moveWith(t, { target: living }), { name: 'NotMoved', message: /key \S+ is missing/ })
})

await t.test('an event under a key that nobody has is named', async (t) => {
  const keysLack = (house: House): House => ({
    ...house,
    keys: async () => {
      const keys = await house.keys()
      return keys && { ...keys, keys: keys.keys.filter(({ owner }) => !owner.includes('staff')) }
    },
  })
  await t.rejects(moveWith(t, { source: keysLack }), {
    name: 'NotMoved',
    message: /under which the event at/,
  })
})

await t.test('a source that grows is followed until it stands still', async (t) => {
  let looked = 0
  const growing = (house: House): House => ({
    ...house,
    async after(position, limit) {
      const until = looked++ < 7 ? 150n : 10_000n
      return (await house.after(position, limit)).filter((event) => event.position <= until)
    },
  })
  const moved = await moveWith(t, { source: growing })
  t.equal(moved.places.count, original.length)
  t.equal(moved.grown, original.length - 150)
})

await t.test('two moves into one place are one too many', async (t) => {
  const dir = t.testdir()
  const first = openPositions(positionsFile(dir))
  const url = await emptyCluster(t)
  await t.rejects(move(lived, { from: home, to: url, directory: dir }), {
    message: /another move is at work/,
  })
  first.close()
  t.ok(existsSync(positionsFile(dir)))
  openLogAlone(eventLogFile(home)).close()
})
