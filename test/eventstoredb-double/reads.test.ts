import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client'
import t from 'tap'
import {
  type Client,
  collect,
  connect,
  failureOf,
  newStream,
  notes,
  startHere,
  times,
  until,
  visit,
} from './kit/client.ts'

const withFive = async (client: Client) => {
  const stream = newStream()
  await client.appendToStream(
    stream,
    times(5, (n) => visit(n)),
  )
  return stream
}

await t.test('a stream is read from either end, from a revision, and up to a count', async (t) => {
  const { client } = await startHere(t)
  const stream = await withFive(client)
  const read = async (options: Parameters<Client['readStream']>[1]) =>
    notes(await collect(client.readStream(stream, options)))
  t.strictSame(await read({}), [0, 1, 2, 3, 4])
  t.strictSame(await read({ fromRevision: 3n }), [3, 4])
  t.strictSame(await read({ fromRevision: 1n, maxCount: 2 }), [1, 2])
  t.strictSame(await read({ fromRevision: 5n }), [])
  t.strictSame(await read({ direction: FORWARDS, fromRevision: END }), [])
  t.strictSame(await read({ direction: BACKWARDS, fromRevision: END }), [4, 3, 2, 1, 0])
  t.strictSame(await read({ direction: BACKWARDS, fromRevision: END, maxCount: 1 }), [4])
  t.strictSame(await read({ direction: BACKWARDS, fromRevision: 2n }), [2, 1, 0])
  t.strictSame(await read({ direction: BACKWARDS, fromRevision: 99n, maxCount: 2 }), [4, 3])
  t.strictSame(await read({ direction: BACKWARDS, fromRevision: START }), [0])
})

await t.test('a stream that nobody wrote is not found', async (t) => {
  const { client } = await startHere(t)
  t.match(await failureOf(collect(client.readStream('visit-none'))), {
    type: 'stream-not-found',
    streamName: 'visit-none',
  })
})

await t.test('$all is read forwards at a position and backwards before it', async (t) => {
  const { client } = await startHere(t)
  await withFive(client)
  const all = await collect(client.readAll())
  t.strictSame(notes(all), [0, 1, 2, 3, 4])
  const fromPosition = all[2]?.event?.position ?? START
  const read = async (options: Parameters<Client['readAll']>[0]) =>
    notes(await collect(client.readAll(options)))
  t.strictSame(await read({ fromPosition }), [2, 3, 4])
  t.strictSame(await read({ fromPosition, maxCount: 1 }), [2])
  t.strictSame(await read({ fromPosition, direction: BACKWARDS }), [1, 0])
  t.strictSame(await read({ fromPosition: END, direction: BACKWARDS, maxCount: 2 }), [4, 3])
  t.strictSame(await read({ fromPosition: END }), [])
  t.strictSame(await read({ fromPosition: { commit: 0n, prepare: 0n } }), [0, 1, 2, 3, 4])
})

type From = { readonly commit: bigint; readonly prepare: bigint } | typeof START

const readPage = (client: Client, fromPosition: From) =>
  collect(client.readAll({ fromPosition, maxCount: 7 }))

await t.test('$all page by page is $all at once', async (t) => {
  const { client } = await startHere(t)
  for (const _ of times(10, () => 0)) await withFive(client)
  const paged: unknown[] = []
  let fromPosition: From = START
  for (let page = 0; page < 100; page++) {
    const events: Awaited<ReturnType<typeof readPage>> = await readPage(client, fromPosition)
    paged.push(...events.slice(fromPosition === START ? 0 : 1).map(({ event }) => event?.id))
    if (events.length < 7) break
    fromPosition = events.at(-1)?.event?.position ?? START
  }
  t.strictSame(
    paged,
    (await collect(client.readAll())).map(({ event }) => event?.id),
  )
})

await t.test('a position between two events is a mistake', async (t) => {
  const { client } = await startHere(t)
  await withFive(client)
  const position = (await collect(client.readAll()))[2]?.event?.position.commit ?? 0n
  for (const commit of [position + 1n, position - 1n, position + 1_000_000n]) {
    const fromPosition = { commit, prepare: commit }
    t.match(await failureOf(collect(client.readAll({ fromPosition }))), { code: 3 })
    t.match(await failureOf(collect(client.readAll({ fromPosition, direction: BACKWARDS }))), { code: 3 })
    t.match(await failureOf(collect(client.subscribeToAll({ fromPosition }))), { code: 3 })
  }
})

await t.test('who does not read is waited for, and who cancels is let go', async (t) => {
  const { double, client } = await startHere(t)
  const stream = newStream()
  await client.appendToStream(
    stream,
    times(500, () => visit('x'.repeat(20_000))),
  )
  const reading = client.readStream(stream)
  const events = reading[Symbol.asyncIterator]()
  await events.next()
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.ok(double.openCalls().includes('Read'))
  t.ok(double.messagesPushed() < 250, `${double.messagesPushed()} messages are under way`)
  await reading.cancel()
  await until(() => !double.openCalls().includes('Read'))
})

await t.test('a read that nobody finishes stays open and is counted', async (t) => {
  const { double, client } = await startHere(t)
  await client.appendToStream(
    newStream(),
    times(500, () => visit('x'.repeat(20_000))),
  )
  const readings = times(3, () => client.readAll())
  await Promise.all(readings.map((reading) => reading[Symbol.asyncIterator]().next()))
  t.strictSame(
    double.openCalls().filter((method) => method === 'Read'),
    ['Read', 'Read', 'Read'],
  )
  await Promise.all(readings.map((reading) => reading.cancel()))
  await until(() => double.openCalls().every((method) => method !== 'Read'))
})

await t.test('a connection carries a hundred calls and no more', async (t) => {
  const { double, client } = await startHere(t)
  const subscriptions = times(100, () => client.subscribeToAll().on('error', () => {}))
  await until(() => double.openCalls().length === 100)
  const oneMore = collect(client.readAll({ maxCount: 1 }))
  t.equal(
    await Promise.race([oneMore, new Promise((resolve) => setTimeout(resolve, 300, 'waiting'))]),
    'waiting',
  )
  t.equal(double.openCalls().length, 100)
  await subscriptions[0]?.unsubscribe()
  t.strictSame(await oneMore, [])
})

await t.test('the leader is found by gossip', async (t) => {
  const { double: leader } = await startHere(t)
  const { double: follower } = await startHere(t, {
    members: [{ host: '127.0.0.1', port: leader.port, leads: true }],
  })
  const client = connect(t, `esdb+discover://127.0.0.1:${follower.port}?tls=false`)
  await client.appendToStream(newStream(), visit())
  t.equal(leader.appendsSeen(), 1)
  t.strictSame(follower.callsMade(), ['Gossip'])
})
