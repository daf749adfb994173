import { NO_STREAM } from '@eventstore/db-client'
import t from 'tap'
import { collect, failureOf, newStream, notes, startHere, visit } from './kit/client.ts'

await t.test('a deleted stream reads as not found, may be written again, and goes on counting', async (t) => {
  const { client } = await startHere(t)
  const stream = newStream()
  await client.appendToStream(stream, [visit(1), visit(2)])
  t.ok((await client.deleteStream(stream, { expectedRevision: 1n })).position)
  t.match(await failureOf(collect(client.readStream(stream))), {
    type: 'stream-not-found',
    streamName: stream,
  })

  const receipt = await client.appendToStream(stream, [visit(3)], { expectedRevision: NO_STREAM })
  t.equal(receipt.nextExpectedRevision, 2n)
  t.strictSame(notes(await collect(client.readStream(stream))), [3])
  t.match(await failureOf(client.appendToStream(stream, [visit()], { expectedRevision: NO_STREAM })), {
    type: 'wrong-expected-version',
    actualVersion: 2n,
  })
})

await t.test('what was deleted is still in $all', async (t) => {
  const { client } = await startHere(t)
  const stream = newStream()
  await client.appendToStream(stream, [visit(1)])
  await client.deleteStream(stream)
  const streams = (await collect(client.readAll())).map(({ event }) => event?.streamId)
  t.strictSame(streams, [stream, `$$${stream}`])
})

await t.test('a tombstone ends a stream for ever and stands in $all', async (t) => {
  for (const batchAppend of [true, false]) {
    const { client } = await startHere(t, { batchAppend })
    const stream = newStream()
    await client.appendToStream(stream, [visit(1)])
    const { position } = await client.tombstoneStream(stream, { expectedRevision: 0n })
    const gone = { type: 'stream-deleted', streamName: stream }
    t.match(await failureOf(client.appendToStream(stream, [visit()])), gone)
    t.match(await failureOf(client.appendToStream(stream, [visit()], { expectedRevision: NO_STREAM })), gone)
    t.match(await failureOf(collect(client.readStream(stream))), gone)
    t.match(await failureOf(collect(client.subscribeToStream(stream))), gone)
    t.match(await failureOf(client.deleteStream(stream)), gone)
    t.match(await failureOf(client.tombstoneStream(stream)), gone)
    t.match((await collect(client.readAll())).at(-1)?.event, {
      type: '$streamDeleted',
      streamId: stream,
      position,
    })
  }
})

await t.test('deleting at another revision is refused with both revisions', async (t) => {
  const { client } = await startHere(t)
  const stream = newStream()
  await client.appendToStream(stream, [visit(), visit()])
  const conflict = {
    type: 'wrong-expected-version',
    streamName: stream,
    expectedVersion: 0n,
    actualVersion: 1n,
  }
  t.match(await failureOf(client.deleteStream(stream, { expectedRevision: 0n })), conflict)
  t.match(await failureOf(client.tombstoneStream(stream, { expectedRevision: 0n })), conflict)
  t.match(await failureOf(client.deleteStream(newStream(), { expectedRevision: 3n })), {
    expectedVersion: 3n,
    actualVersion: 'no_stream',
  })
  t.equal((await collect(client.readStream(stream))).length, 2)
})

await t.test('metadata says how much of a stream is read', async (t) => {
  const { client } = await startHere(t)
  const stream = newStream()
  await client.appendToStream(stream, [visit(0), visit(1), visit(2), visit(3)])
  await client.setStreamMetadata(stream, { truncateBefore: 1 })
  t.strictSame(notes(await collect(client.readStream(stream))), [1, 2, 3])
  await client.setStreamMetadata(stream, { truncateBefore: 1, maxCount: 2 })
  t.strictSame(notes(await collect(client.readStream(stream))), [2, 3])
  t.strictSame(
    notes(await collect(client.readStream(stream, { direction: 'backwards', fromRevision: 'end' }))),
    [3, 2],
  )
  t.match((await client.getStreamMetadata(stream)).metadata, { truncateBefore: 1, maxCount: 2 })
  await client.setStreamMetadata(stream, { truncateBefore: 9 })
  t.strictSame(await collect(client.readStream(stream)), [])
  t.equal((await collect(client.readAll())).length, 7)
})
