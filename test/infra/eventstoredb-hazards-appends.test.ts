import { WrongExpectedVersionError } from '@eventstore/db-client'
import t from 'tap'
import { DuplicateEventId, StoreUnavailable, WrongExpectedVersion } from '#domain/kernel/event-store.ts'
import { appendTo } from '#infra/eventstoredb/append.ts'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import type { Double } from '#test/eventstoredb-double/double.ts'
import { connect, visit as raw, times, until } from '#test/eventstoredb-double/kit/client.ts'
import { collect, isUnavailable, newStream, openStore, startHere, timed, visit } from './kit/eventstoredb.ts'

const ATTEMPT_MS = 1_500

const hazards: Readonly<Record<string, (double: Double) => void>> = {
  'the append is lost with its stream': ({ misbehave }) => misbehave.hangUp(),
  'the append is stored, and its stream ends with OK': ({ misbehave }) => misbehave.storeThenHangUp(),
  'the append is forgotten': ({ misbehave }) => misbehave.forgetAppends(1),
  'the append is stored, and its answer forgotten': ({ misbehave }) => misbehave.storeThenForgetAppends(1),
  'the answer comes after the attempt is over': ({ misbehave }) =>
    misbehave.answerLate(ATTEMPT_MS + 700, { methods: ['BatchAppend'], count: 1 }),
  'the server is not ready': ({ misbehave }) =>
    misbehave.refuseAsUnavailable({ methods: ['BatchAppend'], count: 2 }),
  'reads and appends are refused': ({ misbehave }) => {
    misbehave.refuseAsUnavailable({ count: 3 })
  },
  'the server no longer leads': ({ misbehave, port }) =>
    misbehave.refuseAsNotLeader({ leader: { host: '127.0.0.1', port }, count: 1 }),
  'the connections are cut': ({ misbehave }) => misbehave.dropConnections(),
  'all calls end with OK': ({ misbehave }) => misbehave.endStreams(),
  'what the server can do is not found out': ({ misbehave }) => {
    misbehave.dropConnections()
    misbehave.breakCapabilities(1)
  },
}

for (const batchAppend of [true, false])
  for (const [hazard, cause] of Object.entries(hazards))
    await t.test(`${batchAppend ? '' : 'an older server: '}${hazard}`, async (t) => {
      const { double, store } = await startHere(t, { attemptMs: ATTEMPT_MS, double: { batchAppend } })
      const followed = collect(t, store)
      const stream = newStream()
      const [first, second, last] = [visit(1), visit(2), visit(3)]
      await store.append(stream, 'none', [first])
      cause(double)
      const { ms, result } = await timed(store.append(stream, 1, [second]))
      t.match(result, { status: 'fulfilled', value: { version: 2 } })
      t.ok(ms < 11_000, `answered after ${Math.round(ms)} ms`)
      t.match(await store.append(stream, 1, [second]), { version: 2 }, 'again, it has the same receipt')
      await store.append(stream, 2, [last])
      await until(() => followed.events.length >= 3)
      t.strictSame(followed.ids(), [first.id, second.id, last.id])
    })

await t.test('a connection is cut under a hundred appends: each is stored once', async (t) => {
  const { double, store } = await startHere(t)
  const followed = collect(t, store)
  const events = times(100, visit)
  double.misbehave.answerLate(300, { methods: ['BatchAppend'] })
  const appends = events.map((event) => store.append(newStream(), 'none', [event]))
  await until(() => double.appendsSeen() > 50)
  double.misbehave.behave()
  double.misbehave.dropConnections()
  await Promise.all(appends)
  await until(() => followed.events.length >= 100)
  t.strictSame(new Set(followed.ids()), new Set(events.map(({ id }) => id)))
  t.equal(followed.events.length, 100)
})

await t.test('another writer’s append overtakes one that was lost: only then is it a conflict', async (t) => {
  const { double, store } = await startHere(t, { attemptMs: ATTEMPT_MS })
  const other = await openStore(t, double)
  for (const isStored of [false, true]) {
    const stream = newStream()
    await store.append(stream, 'none', [visit()])
    if (isStored) double.misbehave.storeThenForgetAppends(1)
    else double.misbehave.forgetAppends(1)
    const seen = double.appendsSeen()
    const lost = store.append(stream, 1, [visit('lost')])
    await until(() => double.appendsSeen() > seen)
    await other.append(stream, isStored ? 2 : 1, [visit('faster')])
    if (isStored) t.match(await lost, { version: 2 })
    else await t.rejects(lost, new WrongExpectedVersion(stream, 1, 2))
    t.strictSame(
      (await store.read(stream)).map(({ data }) => data.note),
      isStored ? ['a visit', 'lost', 'faster'] : ['a visit', 'faster'],
    )
  }
})

await t.test('a server that does not see the repetition is read back', async (t) => {
  const { store } = await startHere(t)
  const { connection } = store
  const [stream, taken] = [newStream(), newStream()]
  const conflict = new WrongExpectedVersionError(null as never, {
    streamName: stream,
    current: 1n,
    expected: 'no_stream',
  })
  const forgetful: Connection = {
    ...connection,
    async attempt(work, ms) {
      await connection.attempt(work, ms).catch(() => undefined)
      throw conflict
    },
  }
  await store.append(taken, 'none', [visit(), visit()])
  t.match(await appendTo(forgetful)(stream, 0, [raw(1), raw(2)]), { version: 2, position: /\d+/ })
  t.match(await appendTo(forgetful)(taken, 0, [raw(1), raw(2)]), { actual: 2 })
})

await t.test('a server that does not say where a repeated append stands is read back', async (t) => {
  const { store } = await startHere(t)
  const { connection } = store
  const silent: Connection = {
    ...connection,
    attempt: (work, ms) =>
      connection.attempt(async (client) => ({ ...(await work(client)), position: undefined }), ms),
  }
  const stream = newStream()
  const { position } = await store.append(stream, 'none', [visit()])
  const event = raw(2)
  const first = await appendTo(connection)(stream, 1, [event])
  t.strictSame(await appendTo(silent)(stream, 1, [event]), first)
  t.match(first, { version: 2 })
  t.ok('position' in first && first.position > position)
})

await t.test(
  'an append at any version is stored once, though nobody was told and it is not here yet',
  async (t) => {
    const { double, store } = await startHere(t, { attemptMs: 300, watchMs: 60_000 })
    const stream = newStream()
    await store.append(stream, 'none', [visit()])
    await until(() => double.openCalls().includes('Subscribe'))
    double.misbehave.silenceSubscriptions()
    double.misbehave.storeThenForgetAppends(50)
    const event = visit('once')
    await t.rejects(store.append(stream, 'any', [event]), StoreUnavailable)
    double.misbehave.behave()
    await connect(t, double.url).appendToStream(stream, raw('of another program'))
    t.match(await store.append(stream, 'any', [event]), { version: 2 })
    t.match(await store.append(stream, 'any', [visit()]), { version: 4 })
    await t.rejects(store.append(stream, 'any', [visit(), event]), new DuplicateEventId(event.id))
  },
)

await t.test('reads that fail open no second append stream beside the one that is waited for', async (t) => {
  const { double, store } = await startHere(t)
  await store.append(newStream(), 'none', [visit()])
  double.misbehave.answerLate(500, { methods: ['BatchAppend'] })
  const streamsOpen = () => double.openCalls().filter((method) => method === 'BatchAppend').length
  const appends: Promise<unknown>[] = []
  for (const _ of times(5, () => 0)) {
    appends.push(store.append(newStream(), 'none', [visit()]))
    double.misbehave.refuseAsUnavailable({ methods: ['Read'], count: 1 })
    await store.read(newStream()).catch(() => undefined)
    t.equal(streamsOpen(), 1)
  }
  await Promise.all(appends)
})

await t.test('an attempt that was given up before it was sent is never sent', async (t) => {
  const { double, store } = await startHere(t, { attemptMs: 400 })
  double.misbehave.dropConnections()
  await until(() => double.openCalls().includes('Subscribe'))
  double.misbehave.answerLate(1_200, { methods: ['GetSupportedMethods'], count: 1 })
  const seen = double.appendsSeen()
  await store.append(newStream(), 'none', [visit()])
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  t.equal(double.appendsSeen() - seen, 1)
})

await t.test(
  'appends that pile up behind a silent server are refused before they fill the memory',
  async (t) => {
    const { double, store } = await startHere(t, { attemptMs: 500 })
    double.misbehave.forgetAppends(100_000)
    const large = 'x'.repeat(1_000_000)
    const appends = times(100, () => timed(store.append(newStream(), 'none', [visit(large)])))
    const over = (await Promise.all(appends.slice(70))).map((one) => isUnavailable(one) && one.ms < 3_000)
    t.ok(over.every(Boolean))
    await store.close()
    t.ok((await Promise.all(appends)).every(isUnavailable))
  },
)
