import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import t from 'tap'
import { StoreUnavailable, WrongExpectedVersion } from '#domain/kernel/event-store.ts'
import { event, follow, newStream, times } from '#test/contract/event-store.ts'
import { acknowledged, startChild } from '#test/faults/kit/child.ts'
import { defectsOf, lostFrom } from '#test/faults/kit/soundness.ts'
import { newFile, open } from './kit/sqlite.ts'

await t.test('a follower soon sees what another handle commits', async (t) => {
  const file = newFile(t)
  const [mine, other] = [await open(t, { file }), await open(t, { file })]
  const follower = follow(t, mine, 0n)
  await follower.page()
  const next = follower.page()
  const written = event()
  await other.append(newStream(), 'none', [written])
  const start = performance.now()
  t.equal((await next).events[0]?.id, written.id)
  t.ok(performance.now() - start < 500)
})

await t.test('two handles race on one stream and one wins each version', async (t) => {
  const file = newFile(t)
  const stores = [await open(t, { file }), await open(t, { file })]
  const stream = newStream()
  for (const version of times(50, (n) => n)) {
    const results = await Promise.allSettled(stores.map((store) => store.append(stream, version, [event()])))
    const refused = results.filter((result) => result.status === 'rejected')
    t.equal(refused.length, 1)
    t.ok(refused.every(({ reason }) => reason instanceof WrongExpectedVersion))
  }
})

await t.test('two processes write one file and nothing is lost or numbered twice', async (t) => {
  const file = newFile(t)
  const children = times(2, () => startChild('appending.ts', [file, '1500', '3']))
  t.strictSame(await Promise.all(children.map(({ gone }) => gone)), [0, 0])
  const ids = children.flatMap(({ said }) => acknowledged(said))
  t.ok(ids.length >= 3_000)
  t.strictSame(lostFrom(file, ids), [])
  t.strictSame(defectsOf(file), [])
})

await t.test(
  'while another process holds the lock, appends fail within the bound and work afterwards',
  async (t) => {
    const file = newFile(t)
    const store = await open(t, { file, lockWaitMs: 300 })
    const other = new Database(file)
    other.exec('BEGIN IMMEDIATE')
    const start = performance.now()
    const results = await Promise.allSettled(times(2_000, () => store.append(newStream(), 'none', [event()])))
    const waited = performance.now() - start
    t.ok(results.every((result) => result.status === 'rejected' && result.reason instanceof StoreUnavailable))
    t.ok(waited > 250 && waited < 1_200, `waited ${waited.toFixed(0)} ms`)
    t.strictSame(await store.after(0n, 10), [], 'reads go on')
    other.exec('ROLLBACK')
    other.close()
    t.equal((await store.append(newStream(), 'none', [event()])).position, 1n)
  },
)

await t.test('a lock that is given back in time is waited for', async (t) => {
  const file = newFile(t)
  const store = await open(t, { file, lockWaitMs: 2_000 })
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  const appending = store.append(newStream(), 'none', [event()])
  await pause(150)
  other.exec('COMMIT')
  other.close()
  t.equal((await appending).version, 1)
})
