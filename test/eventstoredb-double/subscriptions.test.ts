import { END, eventTypeFilter, type ResolvedEvent, START, streamNameFilter } from '@eventstore/db-client'
import t from 'tap'
import { type Client, newStream, noteOf, startHere, times, until, visit } from './kit/client.ts'

type Filter = NonNullable<NonNullable<Start>['filter']>
type Start = Parameters<Client['subscribeToAll']>[0]

/** All it hears, in order: notes, and in capitals what else is said. */
const listen = (subscription: NodeJS.EventEmitter, heard: unknown[] = []) => {
  subscription
    .on('confirmation', () => heard.push('CONFIRMED'))
    .on('caughtUp', () => heard.push('CAUGHT UP'))
    .on('error', (error) => heard.push(error))
    .on('data', ({ event }: ResolvedEvent) => heard.push(noteOf(event)))
  return heard
}

const listenToAll = (client: Client, options: Start & object = {}) => {
  const heard: unknown[] = []
  const filter = options.filter && {
    ...options.filter,
    checkpointReached: async (_: unknown, { commit }: { commit: bigint }) => void heard.push(commit),
  }
  const subscription = client.subscribeToAll({ ...options, ...(filter ? { filter } : {}) })
  return { heard: listen(subscription, heard), subscription }
}

await t.test('confirmation comes first, then history, then caught up, then what is new', async (t) => {
  const { double, client } = await startHere(t)
  await client.appendToStream(newStream(), [visit(1), visit(2)])
  const { heard, subscription } = listenToAll(client)
  await until(() => heard.length === 4)
  await client.appendToStream(newStream(), [visit(3)])
  await until(() => heard.length === 5)
  t.strictSame(heard, ['CONFIRMED', 1, 2, 'CAUGHT UP', 3])
  await subscription.unsubscribe()
  await until(() => !double.openCalls().includes('Subscribe'))
})

await t.test('a subscription starts after its position', async (t) => {
  const { client } = await startHere(t)
  const { position } = await client.appendToStream(newStream(), visit(1))
  await client.appendToStream(newStream(), visit(2))
  const { heard } = listenToAll(client, { fromPosition: position ?? START })
  const { heard: heardFromEnd } = listenToAll(client, { fromPosition: END })
  const { heard: heardFromZero } = listenToAll(client, { fromPosition: { commit: 0n, prepare: 0n } })
  await until(() => [heard, heardFromEnd, heardFromZero].every((each) => each.includes('CAUGHT UP')))
  await client.appendToStream(newStream(), visit(3))
  await until(() => [heard, heardFromEnd, heardFromZero].every((each) => each.includes(3)))
  t.strictSame(heard, ['CONFIRMED', 2, 'CAUGHT UP', 3])
  t.strictSame(heardFromEnd, ['CONFIRMED', 'CAUGHT UP', 3])
  t.strictSame(heardFromZero, ['CONFIRMED', 1, 2, 'CAUGHT UP', 3])
})

await t.test('a stream is followed from after a revision, also before anybody wrote it', async (t) => {
  const { client } = await startHere(t)
  const stream = newStream()
  const early = listen(client.subscribeToStream(stream))
  await until(() => early.includes('CAUGHT UP'))
  await client.appendToStream(stream, [visit(0), visit(1)])
  await client.appendToStream(newStream(), visit('of another'))
  const late = listen(client.subscribeToStream(stream, { fromRevision: 0n }))
  const latest = listen(client.subscribeToStream(stream, { fromRevision: END }))
  await until(() => late.includes('CAUGHT UP') && latest.includes('CAUGHT UP'))
  await client.appendToStream(stream, visit(2))
  await until(() => [early, late, latest].every((each) => each.includes(2)))
  t.strictSame(early, ['CONFIRMED', 'CAUGHT UP', 0, 1, 2])
  t.strictSame(late, ['CONFIRMED', 1, 'CAUGHT UP', 2])
  t.strictSame(latest, ['CONFIRMED', 'CAUGHT UP', 2])
})

await t.test('a filter takes streams or types, by prefix or pattern', async (t) => {
  const { client } = await startHere(t)
  await client.appendToStream(newStream('visit'), visit('visit', 'VisitRecorded'))
  await client.appendToStream(newStream('family'), visit('family', 'FamilyMoved'))
  await client.appendToStream(newStream('consent'), visit('consent', 'ConsentGiven'))
  const cases: readonly (readonly [Filter, readonly string[]])[] = [
    [streamNameFilter({ prefixes: ['visit-', 'consent-'] }), ['visit', 'consent']],
    [streamNameFilter({ regex: '^f.*-' }), ['family']],
    [eventTypeFilter({ prefixes: ['Family'] }), ['family']],
    [eventTypeFilter({ regex: 'Recorded$|Given$' }), ['visit', 'consent']],
  ]
  for (const [filter, wanted] of cases) {
    const { heard } = listenToAll(client, { filter })
    await until(() => heard.includes('CAUGHT UP'))
    t.strictSame(
      heard.filter((one) => typeof one === 'string'),
      ['CONFIRMED', ...wanted, 'CAUGHT UP'],
    )
  }
})

await t.test('checkpoints come after so many events, at the end of history, and live', async (t) => {
  const { client } = await startHere(t)
  const append = async (count: number) => {
    const positions: unknown[] = []
    for (const n of times(count, (index) => index)) {
      const receipt = await client.appendToStream(newStream(n % 5 ? 'family' : 'visit'), visit(n))
      positions.push(receipt.position?.commit)
    }
    return positions
  }
  const before = await append(7)
  const filter = streamNameFilter({ prefixes: ['visit-'], maxSearchWindow: 3 })
  const { heard } = listenToAll(client, { filter })
  await until(() => heard.includes('CAUGHT UP'))
  t.strictSame(heard, ['CONFIRMED', 0, before[2], 5, before[5], before[6], 'CAUGHT UP'])
  const after = await append(4)
  await until(() => heard.length === 9)
  t.strictSame(heard.slice(7), [0, after[2]])
})

await t.test('many subscriptions hear everything once and in order while many write', async (t) => {
  const { client } = await startHere(t)
  const all = times(5, () => listenToAll(client).heard)
  await Promise.all(times(500, (n) => client.appendToStream(newStream(), visit(n))))
  await until(() => all.every((heard) => heard.length >= 502))
  const inOrder: unknown[] = []
  for await (const { event } of client.readAll()) inOrder.push(noteOf(event))
  for (const heard of all)
    t.strictSame(
      heard.filter((one) => typeof one === 'number'),
      inOrder,
    )
})

await t.test('a slow subscriber holds nobody up and misses nothing', async (t) => {
  const { client } = await startHere(t)
  const slow = client.subscribeToAll()[Symbol.asyncIterator]()
  const quick = listenToAll(client).heard
  const large = 'x'.repeat(10_000)
  await Promise.all(times(300, () => client.appendToStream(newStream(), visit(large))))
  await until(() => quick.length === 302)
  let received = 0
  while (received < 300 && !(await slow.next()).done) received++
  t.equal(received, 300)
})
