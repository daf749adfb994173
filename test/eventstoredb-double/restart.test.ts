import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventStoreDBClient, NO_STREAM } from '@eventstore/db-client'
import t, { type Test } from 'tap'
import { startDouble } from './double.ts'
import { collect, connect, failureOf, newStream, notes, times, until, visit, within } from './kit/client.ts'
import { startDoubleProcess } from './kit/process.ts'

const start = async (t: Test) => {
  const dataFile = join(t.testdir(), 'data.ndjson')
  const double = await startDoubleProcess({ dataFile })
  t.teardown(() => double.kill())
  return { double, dataFile }
}

await t.test('killed in the middle of appends it loses nothing that it acknowledged', async (t) => {
  const { double } = await start(t)
  const acknowledged: string[] = []
  for (const round of [1, 2]) {
    const client = EventStoreDBClient.connectionString(double.url)
    const writers = times(20, async () => {
      for (;;) {
        const event = visit(round)
        await client.appendToStream(newStream(), [event, visit(round)], { expectedRevision: NO_STREAM })
        acknowledged.push(event.id)
      }
    })
    const ends = Promise.allSettled(writers)
    await until(() => acknowledged.length > round * 300)
    await double.kill()
    await ends
    await double.restart()
  }
  const stored = await collect(connect(t, double.url).readAll())
  const ids = new Set(stored.map(({ event }) => event?.id))
  t.strictSame(
    acknowledged.filter((id) => !ids.has(id)),
    [],
  )
  t.equal(stored.length % 2, 0, 'an append is stored whole')
  t.equal(ids.size, stored.length)
})

await t.test('it goes on where it was: positions, revisions, deletions, the same append again', async (t) => {
  const { double } = await start(t)
  const [stream, deleted, buried] = [newStream(), newStream(), newStream()]
  const events = [visit('やあ'), visit()]
  const before = connect(t, double.url)
  const receipt = await before.appendToStream(stream, events, { expectedRevision: NO_STREAM })
  await before.appendToStream(deleted, visit())
  await before.deleteStream(deleted)
  await before.appendToStream(buried, visit())
  await before.tombstoneStream(buried)
  const all = await collect(before.readAll())
  await double.restart()

  const after = connect(t, double.url)
  t.strictSame(await collect(after.readAll()), all)
  t.strictSame(await after.appendToStream(stream, events, { expectedRevision: NO_STREAM }), receipt)
  t.match(await failureOf(collect(after.readStream(deleted))), { type: 'stream-not-found' })
  t.match(await failureOf(after.appendToStream(buried, visit())), { type: 'stream-deleted' })
  t.equal((await after.appendToStream(deleted, visit())).nextExpectedRevision, 1n)
})

await t.test('a torn last record is dropped, and what comes after it is kept', async (t) => {
  const { double, dataFile } = await start(t)
  const stream = newStream()
  await connect(t, double.url).appendToStream(stream, visit('whole'))
  await double.kill()
  appendFileSync(dataFile, readFileSync(dataFile).subarray(0, 40))
  await double.restart()
  await connect(t, double.url).appendToStream(stream, visit('after'))
  await double.restart()
  t.strictSame(notes(await collect(connect(t, double.url).readStream(stream))), ['whole', 'after'])
})

await t.test('a record torn in the middle of the file is told, not skipped', async (t) => {
  const { double, dataFile } = await start(t)
  await double.kill()
  appendFileSync(dataFile, '[{"s":"vi\n')
  t.match(await failureOf(startDouble({ dataFile })), { name: 'SyntaxError' })
})

await t.test('frozen it answers nobody, thawed it answers all', async (t) => {
  const { double } = await start(t)
  const client = connect(t, double.url)
  await client.appendToStream(newStream(), visit())
  double.freeze()
  const append = client.appendToStream(newStream(), visit(), { expectedRevision: NO_STREAM })
  t.equal(await within(400, append), undefined)
  double.thaw()
  t.ok((await append).success)
})

await t.test('in order it ends by itself, and with what it holds', async (t) => {
  const { double } = await start(t)
  const client = connect(t, double.url)
  client.subscribeToAll().on('error', () => {})
  await client.appendToStream(newStream(), visit())
  await double.stop()
  t.equal(double.child().exitCode, 0)
  await double.restart()
  t.equal((await collect(connect(t, double.url).readAll())).length, 1)
})

await t.test('it is told over its stdin how to misbehave, and says what it saw', async (t) => {
  const { double } = await start(t)
  const client = connect(t, double.url)
  await double.misbehave('forgetAppends', 1)
  t.equal(await within(300, client.appendToStream(newStream(), visit())), undefined)
  t.equal(await double.appendsSeen(), 1)
  t.strictSame(await double.callsMade(), ['GetSupportedMethods', 'BatchAppend'])
  t.strictSame(await double.openCalls(), ['BatchAppend'])
  await double.misbehave('dropConnections')
  await until(async () => (await double.openCalls()).length === 0)
})
