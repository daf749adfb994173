import { ANY, NO_STREAM, STREAM_EXISTS } from '@eventstore/db-client'
import t, { type Test } from 'tap'
import { type Client, collect, failureOf, newStream, notes, startHere, times, visit } from './kit/client.ts'

/** The client appends in two ways, with different messages for the same. */
const eitherWay = async (title: string, check: (t: Test, client: Client) => Promise<void>) => {
  for (const batchAppend of [true, false])
    await t.test(`${batchAppend ? 'BatchAppend' : 'Append'}: ${title}`, async (t) => {
      const { double, client } = await startHere(t, { batchAppend })
      await check(t, client)
      t.ok(double.callsMade().includes(batchAppend ? 'BatchAppend' : 'Append'))
      t.notOk(double.callsMade().includes(batchAppend ? 'Append' : 'BatchAppend'))
    })
}

const appendedTo = (client: Client, stream: string) => collect(client.readStream(stream))

await eitherWay('what was appended is read back in full', async (t, client) => {
  const stream = newStream()
  const [first, second] = [visit('一'), visit('two')] as const
  const before = Date.now()
  const receipt = await client.appendToStream(stream, [first, second], { expectedRevision: NO_STREAM })
  const read = await appendedTo(client, stream)
  t.match(
    read.map(({ event }) => event),
    [
      { id: first.id, streamId: stream, revision: 0n, type: 'VisitRecorded', data: { note: '一' } },
      { id: second.id, revision: 1n, metadata: { by: 'staff-1' }, isJson: true },
    ],
  )
  t.equal(receipt.nextExpectedRevision, 1n)
  t.strictSame(receipt.position, read[1]?.event?.position)
  t.ok((read[0]?.event?.position?.commit ?? 0n) < (receipt.position?.commit ?? 0n))
  const created = read[0]?.event?.created.getTime() ?? 0
  t.ok(created >= before && created <= Date.now())
})

await eitherWay('a conflict tells what was expected and what is there', async (t, client) => {
  const stream = newStream()
  await client.appendToStream(stream, [visit(), visit()])
  const cases = [
    [stream, NO_STREAM, 1n],
    [stream, 0n, 1n],
    [stream, 7n, 1n],
    ['visit-none', 3n, 'no_stream'],
    ['visit-none', STREAM_EXISTS, 'no_stream'],
  ] as const
  for (const [streamName, expectedRevision, actualVersion] of cases)
    t.match(await failureOf(client.appendToStream(streamName, [visit()], { expectedRevision })), {
      type: 'wrong-expected-version',
      streamName,
      expectedVersion: expectedRevision,
      actualVersion,
    })
  t.equal((await appendedTo(client, stream)).length, 2)
})

await eitherWay('what is expected and there is appended to', async (t, client) => {
  const stream = newStream()
  for (const expectedRevision of [NO_STREAM, 0n, STREAM_EXISTS, ANY] as const)
    await client.appendToStream(stream, [visit(String(expectedRevision))], { expectedRevision })
  t.strictSame(notes(await appendedTo(client, stream)), ['no_stream', '0', 'stream_exists', 'any'])
})

await eitherWay('the same append again is answered as the first and stored once', async (t, client) => {
  const stream = newStream()
  await client.appendToStream(stream, [visit()])
  const again = [visit(), visit()]
  const receipt = await client.appendToStream(stream, again, { expectedRevision: 0n })
  await client.appendToStream(stream, [visit()], { expectedRevision: 2n })
  for (const expectedRevision of [0n, ANY, STREAM_EXISTS] as const)
    t.strictSame(await client.appendToStream(stream, again, { expectedRevision }), receipt)
  t.equal((await appendedTo(client, stream)).length, 4)
})

await eitherWay('an append that is there in part is a conflict', async (t, client) => {
  const stream = newStream()
  const there = visit()
  await client.appendToStream(stream, [visit(), there])
  for (const expectedRevision of [0n, ANY] as const)
    t.match(await failureOf(client.appendToStream(stream, [there, visit()], { expectedRevision })), {
      type: 'wrong-expected-version',
      actualVersion: 1n,
    })
  t.equal((await appendedTo(client, stream)).length, 2)
})

await eitherWay('an event id may stand in two streams, and loses its capitals', async (t, client) => {
  const [one, other] = [newStream(), newStream()]
  const event = visit()
  await client.appendToStream(one, event)
  await client.appendToStream(other, { ...event, id: event.id.toUpperCase() })
  t.equal((await appendedTo(client, other))[0]?.event?.id, event.id)
})

await eitherWay('of a hundred racing creations one wins', async (t, client) => {
  const stream = newStream()
  const racing = times(100, () => client.appendToStream(stream, [visit()], { expectedRevision: NO_STREAM }))
  const results = await Promise.allSettled(racing)
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  t.equal((await appendedTo(client, stream)).length, 1)
})

await eitherWay('eleven megabytes are appended whole, over sixteen are refused whole', async (t, client) => {
  const stream = newStream()
  const big = 'x'.repeat(5_500_000)
  await client.appendToStream(stream, [visit(big), visit(big)], { expectedRevision: NO_STREAM })
  t.strictSame(notes(await appendedTo(client, stream)), [big, big])
  const tooMuch = times(4, () => visit(big))
  t.match(await failureOf(client.appendToStream(stream, tooMuch)), {
    type: 'maximum-append-size-exceeded',
    maxAppendSize: 16 * 1024 * 1024,
  })
  t.equal((await appendedTo(client, stream)).length, 2)
})

await t.test('an append with credentials of its own does not go over the batch stream', async (t) => {
  const { double, client } = await startHere(t)
  await client.appendToStream(newStream(), visit(), { credentials: { username: 'a', password: 'b' } })
  t.strictSame(double.callsMade(), ['Append'])
})
