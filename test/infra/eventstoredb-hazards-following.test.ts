import { jsonEvent } from '@eventstore/db-client'
import t from 'tap'
import type { Double } from '#test/eventstoredb-double/double.ts'
import { times, until } from '#test/eventstoredb-double/kit/client.ts'
import { collect, newStream, openStore, startHere, visit } from './kit/eventstoredb.ts'

const WATCH_MS = 300

const hazards: Readonly<Record<string, (double: Double) => void>> = {
  'ends with OK': ({ misbehave }) => misbehave.endSubscriptions(),
  'ends with an error': ({ misbehave }) => misbehave.breakSubscriptions(),
  'falls silent': ({ misbehave }) => misbehave.silenceSubscriptions(),
  'loses its connection': ({ misbehave }) => misbehave.dropConnections(),
  'ends with all other calls': ({ misbehave }) => misbehave.endStreams(),
  'is refused for a while': ({ misbehave }) => {
    misbehave.refuseAsUnavailable({ methods: ['Subscribe'], count: 4 })
    misbehave.endSubscriptions()
  },
  'is refused for a while, with the questions how far the log is': ({ misbehave }) => {
    misbehave.refuseAsUnavailable({ methods: ['Subscribe', 'Read'], count: 6 })
    misbehave.endSubscriptions()
  },
  'repeats its checkpoints': ({ misbehave }) => {
    misbehave.repeatCheckpoints()
    misbehave.endSubscriptions()
  },
  'goes back with its checkpoints': ({ misbehave }) => {
    misbehave.rewindCheckpoints()
    misbehave.endSubscriptions()
  },
  'leaps to the end with its checkpoints': ({ misbehave }) => {
    misbehave.leapCheckpoints()
    misbehave.endSubscriptions()
  },
}

for (const [hazard, cause] of Object.entries(hazards))
  await t.test(`the subscription ${hazard}: followers miss nothing and get nothing twice`, async (t) => {
    const { double, store } = await startHere(t, { watchMs: WATCH_MS })
    const writer = await openStore(t, double)
    const followed = [collect(t, store), collect(t, store)]
    const events = times(90, visit)
    const write = async (from: number, to: number) => {
      for (const event of events.slice(from, to))
        await (from === 0 ? store : writer).append(newStream(), 'none', [event])
    }
    await write(0, 30)
    await until(() => double.openCalls().includes('Subscribe'))
    const writing = write(30, 60)
    cause(double)
    // The writer here may lose an append's answer with a connection; what it does then is shown elsewhere.
    await writing
    await write(60, 90)
    const wanted = events.map(({ id }) => id)
    for (const { ids } of followed) {
      await until(() => ids().length >= wanted.length)
      t.strictSame(ids(), wanted)
    }
    t.strictSame(
      (await store.after(0n, 1_000)).map(({ id }) => id),
      wanted,
    )
  })

await t.test('what other programs keep on the same server is nobody’s business here', async (t) => {
  const { double, store } = await startHere(t)
  const followed = collect(t, store)
  const stream = newStream()
  const [first, second] = [visit(1), visit(2)]
  await store.append(stream, 'none', [first])
  const { connection } = await openStore(t, double)
  const foreign = [
    jsonEvent({ type: 'Ordered', data: { of: 'another program' } }),
    jsonEvent({ type: 'Ordered', data: {}, metadata: { schemaVersion: 'one' } }),
    { ...jsonEvent({ type: 'Ordered', data: {} }), metadata: Buffer.from([0, 255, 1]) },
    {
      ...jsonEvent({ type: 'Scanned', data: {} }),
      contentType: 'application/octet-stream',
      data: Buffer.from([0, 255]),
    },
  ]
  for (const place of ['orders', 'order-1', '_beside', stream])
    await connection.attempt((client) => client.appendToStream(place, foreign as never))
  const [own] = await store.read(stream)
  t.equal(await store.head(), own?.position, 'the log ends with our own')
  const newcomer = await openStore(t, double)
  t.equal((await newcomer.after(0n, 10)).length, 1, 'and a copy of it is whole without theirs')
  t.match(await store.append(stream, 5, [second]), { version: 6 })
  await until(() => followed.events.length === 2)
  const ours = [first.id, second.id]
  t.strictSame(followed.ids(), ours)
  t.strictSame(
    (await store.read(stream)).map(({ id }) => id),
    ours,
  )
  t.strictSame(
    (await store.after(0n, 10)).map(({ id }) => id),
    ours,
  )
  t.strictSame(await store.read('order-1'), [])
  t.equal(await store.find(foreign[0]?.id ?? ''), undefined)
  t.match(await store.append(stream, 'any', [visit(3)]), { version: 7 })
})

await t.test('four hundred kinds of work leave no call open on the server', async (t) => {
  const { double, store } = await startHere(t)
  const stream = newStream()
  await store.append(stream, 'none', times(3, visit))
  const quiet = new Set(['BatchAppend', 'Subscribe'])
  await until(() => double.openCalls().length <= 2)
  for (const _ of times(300, () => 0))
    for await (const { events } of store.follow(0n, new AbortController().signal)) {
      if (events.length > 0) break
    }
  t.strictSame(new Set(double.openCalls()), quiet)

  const reads = await Promise.all(times(150, () => store.read(stream)))
  t.ok(reads.every(({ length }) => length === 3))
  await Promise.all(
    times(20, () =>
      store.connection
        .subscribe(
          (client) => client.subscribeToAll(),
          AbortSignal.timeout(500),
          async (items) => {
            for await (const _ of items) return
          },
        )
        .catch(() => undefined),
    ),
  )
  double.misbehave.breakReads({ count: 3, after: 1 })
  for (const _ of [1, 2, 3]) await t.rejects(store.read(stream), { name: 'StoreUnavailable' })
  t.equal((await store.read(stream)).length, 3)
  await until(() => double.openCalls().length <= 2)
  t.strictSame(new Set(double.openCalls()), quiet)
})

await t.test('reads that are never answered end, and the next ones go through', async (t) => {
  const { double, store } = await startHere(t, { attemptMs: 500 })
  const stream = newStream()
  await store.append(stream, 'none', [visit()])
  double.misbehave.answerLate(30_000, { methods: ['Read'], count: 200 })
  const reads = await Promise.allSettled(times(200, () => store.read(stream)))
  t.ok(reads.every(({ status }) => status === 'rejected'))
  double.misbehave.behave()
  await until(async () => {
    const events = await store.read(stream).catch(() => [])
    return events.length === 1
  })
})
