import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { StoreUnavailable, WrongExpectedVersion } from '#domain/kernel/event-store.ts'
import { openForWriting, refuseOldSqlite } from '#infra/event-store/sqlite/connection.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { event, eventStoreContract, follow, newStream, times } from '#test/contract/event-store.ts'
import { newFile, open } from './kit/sqlite.ts'

const directory = t.testdir()

await eventStoreContract(
  t,
  'sqlite',
  async (_, log) => await openSqliteEventStore({ file: join(directory, `${log}.db`) }),
  { densePositions: true, keeps: true },
)

await t.test('the writer syncs every commit', async (t) => {
  const db = openForWriting(newFile(t), 100)
  t.equal(db.pragma('synchronous', { simple: true }), 2)
  t.equal(db.pragma('journal_mode', { simple: true }), 'wal')
  db.close()
})

await t.test('an SQLite with the checkpoint fault is refused', async (t) => {
  t.throws(() => refuseOldSqlite('3.51.2'), StoreUnavailable)
  t.throws(() => refuseOldSqlite('3.9.0'), StoreUnavailable)
  t.doesNotThrow(() => refuseOldSqlite('3.51.3'))
  t.doesNotThrow(() => refuseOldSqlite('3.100.0'))
})

await t.test('a log of a newer program is refused in words', async (t) => {
  const file = newFile(t)
  await (await openSqliteEventStore({ file })).close()
  const db = new Database(file)
  db.pragma('user_version = 2')
  db.close()
  const message = /schema 2, this program knows 1/
  await t.rejects(openSqliteEventStore({ file }), { name: 'StoreUnavailable', message })
  await t.rejects(openSqliteEventStore({ file, readOnly: true }), { name: 'StoreUnavailable', message })
})

await t.test('not even SQL edits or removes an event', async (t) => {
  const file = newFile(t)
  const store = await open(t, { file })
  await store.append(newStream(), 'none', [event()])
  const db = new Database(file)
  t.throws(() => db.exec("UPDATE event SET data = '{}'"), /never edited/)
  t.throws(() => db.exec('DELETE FROM event'), /never deleted/)
  db.close()
})

await t.test('a clean close leaves one file', async (t) => {
  const file = newFile(t)
  const store = await open(t, { file })
  await store.append(newStream(), 'none', [event()])
  await store.close()
  t.ok(existsSync(file))
  t.notOk(existsSync(`${file}-wal`))
})

await t.test('opened for reading only, it reads and follows and refuses to append', async (t) => {
  const file = newFile(t)
  await t.rejects(openSqliteEventStore({ file, readOnly: true }), StoreUnavailable)
  const writing = await open(t, { file })
  const reading = await open(t, { file, readOnly: true })
  const follower = follow(t, reading, 0n)
  t.strictSame(await follower.page(), { events: [], caughtUp: true })
  const stream = newStream()
  await writing.append(stream, 'none', [event()])
  t.equal((await follower.page()).events.length, 1)
  t.equal((await reading.read(stream)).length, 1)
  await t.rejects(reading.append(stream, 'any', [event()]), StoreUnavailable)
})

await t.test('too many waiting appends are refused, those accepted are answered', async (t) => {
  const store = await open(t, { file: newFile(t) })
  const stream = newStream()
  const results = await Promise.allSettled(times(50_500, () => store.append(stream, 'none', [event()])))
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  t.equal(reasons.filter((reason) => reason instanceof StoreUnavailable).length, 500)
  t.equal(reasons.filter((reason) => reason instanceof WrongExpectedVersion).length, 49_999)
})
