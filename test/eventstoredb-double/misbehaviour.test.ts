import { START, streamNameFilter } from '@eventstore/db-client'
import t from 'tap'
import {
  type Client,
  collect,
  connect,
  failureOf,
  newStream,
  noteOf,
  notes,
  startHere,
  times,
  until,
  visit,
  within,
} from './kit/client.ts'
import { appendFromProcess } from './kit/client-process.ts'

const stored = async (client: Client) => notes(await collect(client.readAll()))

const follow = (client: Client) => {
  const heard: unknown[] = []
  const said: unknown[] = []
  client
    .subscribeToAll()
    .on('data', ({ event }) => heard.push(noteOf(event)))
    .on('caughtUp', () => said.push('caught up'))
    .on('error', (error) => said.push(error))
    .on('end', () => said.push('end'))
  return { heard, said }
}

await t.test('dropped connections fail what is under way, and the next call connects again', async (t) => {
  const { double, client } = await startHere(t)
  await client.appendToStream(newStream(), visit(1))
  const { said } = follow(client)
  await until(() => said.length === 1)
  double.misbehave.forgetAppends(1)
  const append = failureOf(client.appendToStream(newStream(), visit(2)))
  await until(() => double.appendsSeen() === 2)
  double.misbehave.dropConnections()
  t.match(await append, { code: 14 })
  await until(() => said.length > 1)
  t.match(said[1], { type: 'unavailable' })
  await until(() => double.openCalls().length === 0)
  await client.appendToStream(newStream(), visit(3))
  t.strictSame(await stored(client), [1, 3])
})

await t.test('all open streams end with OK', async (t) => {
  const { double, client } = await startHere(t)
  await client.appendToStream(newStream(), visit(1))
  const { said } = follow(client)
  await until(() => said.length === 1)
  t.strictSame(double.openCalls(), ['BatchAppend', 'Subscribe'])
  double.misbehave.endStreams()
  await until(() => said.length === 2)
  t.strictSame(said, ['caught up', 'end'])
  await until(() => double.openCalls().length === 0)
})

for (const [name, kept] of [
  ['hangUp', []],
  ['storeThenHangUp', [1]],
] as const)
  await t.test(`${name}: the batch stream ends with OK and the append is never answered`, async (t) => {
    const { double, client } = await startHere(t)
    double.misbehave[name]()
    t.equal(await within(300, client.appendToStream(newStream(), visit(1))), undefined)
    t.notOk(double.openCalls().includes('BatchAppend'))
    t.strictSame(await stored(client), kept)
    t.ok((await connect(t, double.url).appendToStream(newStream(), visit(2))).success)
  })

for (const [name, kept] of [
  ['forgetAppends', [3]],
  ['storeThenForgetAppends', [1, 2, 3]],
] as const)
  for (const batchAppend of [true, false])
    await t.test(`${name}: ${batchAppend ? 'batch ' : ''}appends are not answered`, async (t) => {
      const { double, client } = await startHere(t, { batchAppend })
      double.misbehave[name](2)
      const forgotten = [1, 2].map(async (n) =>
        failureOf(client.appendToStream(newStream(), visit(n), { deadline: 60_000 })),
      )
      t.equal(await within(300, Promise.race(forgotten)), undefined)
      await client.appendToStream(newStream(), visit(3))
      t.strictSame(new Set(await stored(client)), new Set(kept))
    })

await t.test('late answers come late, of the calls that are meant', async (t) => {
  const { double, client } = await startHere(t)
  await client.appendToStream(newStream(), visit(0))
  double.misbehave.answerLate(1_500, { methods: ['BatchAppend'], count: 1 })
  const append = client.appendToStream(newStream(), visit(1))
  t.equal(await within(200, append), undefined)
  t.strictSame(await stored(client), [0, 1], 'it is stored before it is answered')
  t.ok((await append).success)
  t.ok(await within(1_200, client.appendToStream(newStream(), visit(2))))

  double.misbehave.answerLate(1_500)
  t.equal(await within(200, stored(client)), undefined)
  double.misbehave.behave()
  t.strictSame(await within(1_200, stored(client)), [0, 1, 2])
})

for (const batchAppend of [true, false])
  await t.test(`${batchAppend ? 'batch ' : ''}writes are refused with the leader’s address`, async (t) => {
    const { double, client } = await startHere(t, { batchAppend })
    const { double: leader } = await startHere(t)
    double.misbehave.refuseAsNotLeader({ leader: { host: '127.0.0.1', port: leader.port }, count: 1 })
    t.match(await failureOf(client.appendToStream(newStream(), visit(1))), {
      type: 'not-leader',
      leader: { address: '127.0.0.1', port: leader.port },
    })
    await client.appendToStream(newStream(), visit(2))
    t.equal(leader.appendsSeen(), 1, 'the client goes there by itself')
  })

await t.test('a refusal that names no leader ends the client’s process', async (t) => {
  const { double } = await startHere(t)
  double.misbehave.refuseAsNotLeader({ count: 1 })
  t.match(await appendFromProcess(double.url), { said: '', code: 1, complained: /TypeError.*undefined/ })
  t.match(await appendFromProcess(double.url), { said: 'appended', code: 0 })
})

await t.test('an answer under an unknown correlation id ends the client’s process', async (t) => {
  const { double, client } = await startHere(t)
  double.misbehave.answerSomebodyElse()
  t.match(await appendFromProcess(double.url), { said: '', code: 1, complained: /TypeError/ })
  t.strictSame(await stored(client), ['a visit'])
})

await t.test('calls are refused as unavailable until it behaves', async (t) => {
  const { double, client } = await startHere(t)
  double.misbehave.refuseAsUnavailable()
  for (const _ of [1, 2]) {
    t.match(await failureOf(client.appendToStream(newStream(), visit())), { code: 14 })
    t.match(await failureOf(stored(client)), { type: 'unavailable' })
    t.match(await failureOf(client.deleteStream('visit-1')), { type: 'unavailable' })
  }
  double.misbehave.behave()
  double.misbehave.refuseAsUnavailable({ methods: ['BatchAppend'], count: 1 })
  t.match(await failureOf(client.appendToStream(newStream(), visit(1))), { type: 'unavailable' })
  await client.appendToStream(newStream(), visit(2))
  t.strictSame(await stored(client), [2])
})

await t.test('a broken capability call is remembered by the client', async (t) => {
  const { double, client } = await startHere(t)
  double.misbehave.breakCapabilities(1)
  for (const _ of [1, 2]) t.match(await failureOf(client.appendToStream(newStream(), visit())), { code: 13 })
  t.strictSame(double.callsMade(), ['GetSupportedMethods'])
  t.ok((await connect(t, double.url).appendToStream(newStream(), visit())).success)
})

await t.test('a read breaks off after so many events', async (t) => {
  const { double, client } = await startHere(t)
  await client.appendToStream(
    newStream(),
    times(5, (n) => visit(n)),
  )
  double.misbehave.breakReads({ after: 2 })
  const received: unknown[] = []
  const failure = await failureOf(
    (async () => {
      for await (const { event } of client.readAll()) received.push(noteOf(event))
    })(),
  )
  t.match(failure, { code: 13 })
  t.ok(received.length <= 2)
  double.misbehave.breakReads({ count: 2 })
  for (const _ of [1, 2]) t.match(await failureOf(stored(client)), { code: 13 })
  t.equal((await stored(client)).length, 5)
})

await t.test('subscriptions end with OK, with an error, or fall silent', async (t) => {
  const { double, client } = await startHere(t)
  const append = (note: number) => client.appendToStream(newStream(), visit(note))
  await append(0)

  const ended = follow(client)
  await until(() => ended.said.length === 1)
  double.misbehave.endSubscriptions()
  await until(() => ended.said.length === 2)
  t.strictSame(ended.said, ['caught up', 'end'])

  const broken = follow(client)
  await until(() => broken.said.length === 1)
  double.misbehave.breakSubscriptions()
  await until(() => broken.said.length > 1)
  t.match(broken.said[1], { code: 13 })

  const silent = follow(client)
  await until(() => silent.said.length === 1)
  double.misbehave.silenceSubscriptions()
  await append(1)
  const next = follow(client)
  await until(() => next.heard.length === 2)
  await append(2)
  await until(() => next.heard.length === 3)
  t.strictSame(silent.heard, [0])
  t.strictSame(silent.said, ['caught up'])
})

await t.test('checkpoints repeat, go back, or leap to the end', async (t) => {
  const { double, client } = await startHere(t)
  const positions: unknown[] = []
  for (const n of [0, 1, 2, 3, 4]) {
    const { position } = await client.appendToStream(newStream(), visit(n))
    positions.push(position?.commit)
  }
  const [first, , , fourth, last] = positions
  const checkpoints = async () => {
    const heard: unknown[] = []
    let caughtUp = false
    const filter = streamNameFilter({
      prefixes: ['visit-'],
      maxSearchWindow: 4,
      checkpointReached: (_, { commit }) => void heard.push(commit),
    })
    client
      .subscribeToAll({ fromPosition: START, filter })
      .on('caughtUp', () => {
        caughtUp = true
      })
      .resume()
    await until(() => caughtUp)
    return heard
  }
  t.strictSame(await checkpoints(), [fourth, last])
  double.misbehave.repeatCheckpoints()
  t.strictSame(await checkpoints(), [fourth, fourth, last, last])
  double.misbehave.rewindCheckpoints()
  t.strictSame(await checkpoints(), [fourth, first, last, first])
  double.misbehave.leapCheckpoints()
  t.strictSame(await checkpoints(), [last, last])
  double.misbehave.behave()
  t.strictSame(await checkpoints(), [fourth, last])
})
