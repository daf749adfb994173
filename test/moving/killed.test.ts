import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { differenceOfKeys, type KeptKeys, readKeys } from '#infra/keys/kept-keys.ts'
import { eventLogFile } from '#src/data/files.ts'
import { keyFile } from '#src/data/keys.ts'
import { openData } from '#src/data/open.ts'
import { startDoubleProcess } from '#test/eventstoredb-double/kit/process.ts'
import { startChild } from '#test/faults/kit/child.ts'
import { silent } from '#test/kit/running-system.ts'
import { eventsIn, livedIn, placesIn } from './kit/houses.ts'

const KILLS = 4
const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
const { home, directory, back, esdb } = placesIn(t)
const lived = await livedIn(home, t, 400)
const key = lived.keks.keyEncryptionKey
const double = await startDoubleProcess({ dataFile: esdb })
t.teardown(() => double.stop())
const original = await eventsIn(home)
const keysOf = (dataDir: string): KeptKeys | undefined => {
  const db = new Database(keyFile(dataDir), { readonly: true })
  const keys = readKeys(db)
  db.close()
  return keys
}

const point = fc.oneof(
  fc.tuple(fc.constant('keys'), fc.integer({ min: 1, max: 30 })),
  fc.tuple(fc.constant('events'), fc.integer({ min: 1, max: 10 })),
  fc.tuple(fc.constant('verifying'), fc.integer({ min: 1, max: 10 })),
  fc.tuple(fc.constant('whenever'), fc.integer({ min: 1, max: 300 })),
)
// In each phase once, whatever the dice say.
const points = (more: number) =>
  [
    ['keys', 2],
    ['events', 4],
    ['verifying', 3],
    ...fc.sample(point, { seed, numRuns: KILLS - 3 + more }),
  ] as const

const stormOver = async (t: Test, from: string, to: string, node: string): Promise<void> => {
  t.comment(`SEED=${seed}`)
  const run = (phase = 'never', nth = 0) =>
    startChild(new URL('./kit/moving.ts', import.meta.url).href, [
      from,
      to,
      node,
      key.toString('base64'),
      phase,
      String(nth),
    ])
  let killed = 0
  for (const [phase, nth] of points(0)) {
    const child = run(phase, Number(nth))
    if (phase === 'whenever') {
      await child.says('working')
      await pause(Number(nth))
      child.process.kill('SIGKILL')
    }
    if ((await child.gone) === null) killed += 1
  }
  t.ok(killed >= 3, `${killed} were killed before their end`)
  const last = run()
  t.equal(await last.gone, 0)
  t.match(last.said.at(-1), new RegExp(`^moved ${original.length}, `))
}

await t.test('killed on the way to the cluster again and again, it comes to the same end', async (t) => {
  const child = startChild(new URL('./kit/moving.ts', import.meta.url).href, [
    ...[home, double.url, directory, key.toString('base64'), 'events', '3'],
  ])
  t.equal(await child.gone, null, 'killed in the middle of the log')
  const data = { engine: double.url as 'esdb://', dataDir: directory, log: silent }
  const keys = { file: keyFile(directory), ...lived.keks }
  await t.rejects(openData({ ...data, keys }), { name: 'MoveUnfinished' }, 'half a log is not served')
  await stormOver(t, home, double.url, directory)
})

await t.test('and back, it is the log that it was', async (t) => {
  await stormOver(t, double.url, back, '')
  t.ok(existsSync(eventLogFile(back)))
  t.strictSame(await eventsIn(back), original)
  const [before, after] = [keysOf(home), keysOf(back)]
  t.equal(before && after ? differenceOfKeys(before, after) : 'no keys', undefined)
})
