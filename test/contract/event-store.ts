import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { type StreamName, streamName } from '#domain/kernel/event.ts'
import {
  type Appending,
  DuplicateEventId,
  type EventStore,
  type Page,
  type Stored,
  StoreUnavailable,
  WrongExpectedVersion,
} from '#domain/kernel/event-store.ts'

export type EngineOptions = {
  /** Positions are 1, 2, 3 … */
  readonly densePositions?: true
  /** The log is still there when it is opened again. */
  readonly keeps?: true
}

/** Opens the log called `log`: a new one under a new name. Other events than the test's own may be in it. */
export type OpenEngine = (t: Test, log: string) => Promise<EventStore>

type Case = { readonly store: EventStore; readonly log: string; readonly start: bigint }

/** What every engine must do. A new engine passes this before anything stands on it. */
export const eventStoreContract = async (
  t: Test,
  name: string,
  open: OpenEngine,
  options: EngineOptions = {},
): Promise<void> => {
  const rule = (title: string, check: (t: Test, given: Case) => Promise<void>) =>
    t.test(`${name}: ${title}`, async (t) => {
      const log = randomUUID()
      const store = await open(t, log)
      t.teardown(() => store.close())
      await check(t, { store, log, start: await store.head() })
    })

  await rule(
    'what was appended is read back in full, with its place in stream and log',
    async (t, { store }) => {
      const stream = newStream()
      const [first, second] = [event({ note: 'one' }), event({ note: 'two' })] as const
      const receipt = await store.append(stream, 'none', [first, second])
      t.equal(receipt.version, 2)
      const stored = await store.read(stream)
      t.strictSame(stored.map(withoutPosition), [
        { ...first, stream, version: 1 },
        { ...second, stream, version: 2 },
      ])
      t.equal(stored[1]?.position, receipt.position)
      t.ok((stored[0]?.position ?? 0n) < receipt.position)
    },
  )

  await rule('a stream that nobody wrote is empty', async (t, { store }) => {
    t.strictSame(await store.read(newStream()), [])
  })

  await rule('a stream can be read from a version on', async (t, { store }) => {
    const stream = newStream()
    await store.append(stream, 'none', [event(), event(), event()])
    t.strictSame(versions(await store.read(stream, 2)), [2, 3])
    t.strictSame(await store.read(stream, 4), [])
  })

  await rule('creating refuses a stream that exists and says where it is', async (t, { store }) => {
    const stream = newStream()
    await store.append(stream, 'none', [event(), event()])
    await t.rejects(store.append(stream, 'none', [event()]), new WrongExpectedVersion(stream, 'none', 2))
    t.equal((await store.read(stream)).length, 2)
  })

  await rule('appending at a version takes that version only', async (t, { store }) => {
    const stream = newStream()
    await t.rejects(store.append(stream, 3, [event()]), new WrongExpectedVersion(stream, 3, 0))
    await store.append(stream, 'none', [event()])
    t.equal((await store.append(stream, 1, [event()])).version, 2)
    await t.rejects(store.append(stream, 1, [event()]), new WrongExpectedVersion(stream, 1, 2))
    await t.rejects(store.append(stream, 5, [event()]), new WrongExpectedVersion(stream, 5, 2))
    t.strictSame(versions(await store.read(stream)), [1, 2])
  })

  await rule('appending at any version creates the stream or continues it', async (t, { store }) => {
    const stream = newStream()
    t.equal((await store.append(stream, 'any', [event()])).version, 1)
    t.equal((await store.append(stream, 'any', [event(), event()])).version, 3)
  })

  await rule('of a hundred racing creations one wins', async (t, { store }) => {
    const stream = newStream()
    const results = await Promise.allSettled(times(100, () => store.append(stream, 'none', [event()])))
    t.equal(results.filter(succeeded).length, 1)
    t.ok(results.filter(failed).every(({ reason }) => reason instanceof WrongExpectedVersion))
    t.equal((await store.read(stream)).length, 1)
  })

  await rule('of racing appends at one version one wins, round after round', async (t, { store }) => {
    const stream = newStream()
    for (const version of times(20, (round) => round)) {
      const results = await Promise.allSettled(times(5, () => store.append(stream, version, [event()])))
      t.equal(results.filter(succeeded).length, 1)
    }
    t.strictSame(
      versions(await store.read(stream)),
      times(20, (round) => round + 1),
    )
  })

  await rule('a refused append leaves those beside it alone', async (t, { store }) => {
    const [taken, ...free] = times(20, newStream)
    await store.append(taken as StreamName, 'none', [event()])
    const results = await Promise.allSettled(
      [...free, taken as StreamName, newStream()].map((stream) => store.append(stream, 'none', [event()])),
    )
    t.equal(results.filter(failed).length, 1)
    for (const stream of free) t.equal((await store.read(stream)).length, 1)
  })

  await rule('appending the same again gives the first receipt and stores nothing', async (t, { store }) => {
    const stream = newStream()
    await store.append(stream, 'none', [event()])
    const events = [event(), event()]
    const receipt = await store.append(stream, 1, events)
    await store.append(stream, 2 + 1, [event()])
    t.strictSame(await store.append(stream, 1, events), receipt)
    t.strictSame(await store.append(stream, 'none', events), receipt)
    t.strictSame(await store.append(stream, 'any', events), receipt)
    t.equal((await store.read(stream)).length, 4)
  })

  await rule('the same append racing itself is stored once', async (t, { store }) => {
    const stream = newStream()
    const events = [event(), event()]
    const receipts = await Promise.all(times(20, () => store.append(stream, 'none', events)))
    t.ok(receipts.every(({ version }) => version === 2))
    t.equal(new Set(receipts.map(({ position }) => position)).size, 1)
    t.equal((await store.read(stream)).length, 2)
  })

  await rule('an event id that another stream has is refused and nothing is stored', async (t, { store }) => {
    const taken = event()
    await store.append(newStream(), 'none', [taken])
    const stream = newStream()
    await t.rejects(store.append(stream, 'none', [taken]), new DuplicateEventId(taken.id))
    await t.rejects(store.append(stream, 'none', [event(), taken]), new DuplicateEventId(taken.id))
    t.strictSame(await store.read(stream), [])
  })

  await rule('an event id that stands elsewhere in the same stream is refused', async (t, { store }) => {
    const stream = newStream()
    const [first, second] = [event(), event()]
    await store.append(stream, 'none', [first, event(), second])
    await t.rejects(store.append(stream, 3, [event(), second]), new DuplicateEventId(second.id))
    await t.rejects(store.append(stream, 3, [first, second]), DuplicateEventId)
    t.equal((await store.read(stream)).length, 3)
  })

  await rule('one append cannot use an event id twice', async (t, { store }) => {
    const stream = newStream()
    const twice = event()
    await t.rejects(store.append(stream, 'none', [twice, event(), twice]), new DuplicateEventId(twice.id))
    t.strictSame(await store.read(stream), [])
  })

  await rule('an event id is the same in capitals', async (t, { store }) => {
    const stream = newStream()
    const once = event()
    const receipt = await store.append(stream, 'none', [once])
    t.strictSame(await store.append(stream, 'none', [{ ...once, id: once.id.toUpperCase() }]), receipt)
    t.equal((await store.find(once.id.toUpperCase()))?.id, once.id)
  })

  await rule('an append of nothing, or without a UUID, is a mistake of the caller', async (t, { store }) => {
    await t.rejects(store.append(newStream(), 'none', []), RangeError)
    await t.rejects(store.append(newStream(), 'none', [{ ...event(), id: 'visit 1' }]), TypeError)
  })

  await rule('an event is found by its id', async (t, { store }) => {
    const stream = newStream()
    const wanted = event()
    await store.append(stream, 'none', [event(), wanted])
    t.strictSame(withoutPosition(await store.find(wanted.id)), { ...wanted, stream, version: 2 })
    t.equal(await store.find(randomUUID()), undefined)
    t.equal(await store.find('not an id'), undefined)
  })

  await rule('the head is the position of the newest event', async (t, { store, start }) => {
    if ((await store.after(0n, 1)).length === 0) t.equal(start, 0n)
    const { position } = await store.append(newStream(), 'none', [event(), event()])
    t.ok(position > start)
    t.equal(await store.head(), position)
    t.strictSame(await store.after(position, 10), [])
  })

  await rule(
    'every event is met once, in order, by a reader who pages while others write',
    async (t, { store, start }) => {
      const writing = Promise.all(
        times(8, async (writer) => {
          for (const note of times(25, (n) => `${writer}-${n}`))
            await store.append(newStream(), 'none', [event({ note }), event({ note: `${note}+` })])
        }),
      ).then(() => true)
      const seen: Stored[] = []
      for (let done = false; ; ) {
        const page = await store.after(seen.at(-1)?.position ?? start, 7)
        seen.push(...page)
        if (page.length === 0 && done) break
        done ||= await Promise.race([writing, nextTurn().then(() => false)])
      }
      t.equal(new Set(seen.map(({ id }) => id)).size, 400)
      t.equal(seen.length, 400)
      t.ok(
        seen.every(({ position }, index) => index === 0 || position > (seen[index - 1] as Stored).position),
      )
      t.strictSame(await store.after(start, 1_000), seen)
    },
  )

  await rule('an append of several events stands together in the log', async (t, { store, start }) => {
    await Promise.all(times(20, () => store.append(newStream(), 'none', [event(), event(), event()])))
    const streams = (await store.after(start, 100)).map(({ stream }) => stream)
    t.equal(streams.length, 60)
    t.ok(streams.every((stream, index) => stream === streams[index - (index % 3)]))
  })

  if (options.densePositions)
    await rule('positions are counted without holes, refusals or not', async (t, { store }) => {
      const stream = newStream()
      await Promise.allSettled(times(30, () => store.append(stream, 'none', [event()])))
      await Promise.all(times(30, () => store.append(newStream(), 'none', [event(), event()])))
      const positions = (await store.after(0n, 1_000)).map(({ position }) => position)
      t.strictSame(
        positions,
        times(61, (n) => BigInt(n + 1)),
      )
    })

  await rule('Japanese, emoji and odd text come back as they were', async (t, { store }) => {
    const stream = newStream()
    const text = {
      ja: '切れ目のない支援\n𠮷田さん家',
      emoji: '👨‍👩‍👧‍👦🤱🏽',
      odd: '\u0000 \u2028 \ud83d',
      鍵: ['"', '\\', ''],
    }
    const written = { ...event(), data: { text, empty: {}, nothing: null, number: 0.1, big: 2 ** 53 } }
    await store.append(stream, 'none', [written])
    t.strictSame((await store.read(stream))[0]?.data, written.data)
  })

  await rule('an event of five megabytes is an event like others', async (t, { store, start }) => {
    const stream = newStream()
    const note = 'ん'.repeat(5_000_000 / 3)
    await Promise.all([
      store.append(stream, 'none', [event({ note })]),
      ...times(10, () => store.append(newStream(), 'none', [event()])),
    ])
    t.equal((await store.read(stream))[0]?.data.note, note)
    t.equal((await store.after(start, 100)).length, 11)
  })

  await rule('what is read cannot be used to change the log', async (t, { store }) => {
    const stream = newStream()
    const data = { list: ['kept'] }
    await store.append(stream, 'none', [{ ...event(), data }])
    data.list.push('added later')
    const read = (await store.read(stream))[0]?.data as typeof data
    read.list.push('added by a reader')
    t.strictSame((await store.read(stream))[0]?.data, { list: ['kept'] })
  })

  await rule('following an idle log says at once that it is caught up', async (t, { store, start }) => {
    const follower = follow(t, store, start)
    t.strictSame(await follower.page(), { events: [], caughtUp: true })
  })

  await rule('following catches up in order, then goes on with what is new', async (t, { store, start }) => {
    const stream = newStream()
    const past = times(1_200, () => event())
    await store.append(stream, 'none', past)
    const follower = follow(t, store, start)
    const before = await follower.untilCaughtUp()
    t.strictSame(ids(before), ids(past))
    const next = event()
    const waiting = follower.page()
    await store.append(stream, 'any', [next])
    const page = await waiting
    t.strictSame(ids(page.events), [next.id])
    t.ok(page.caughtUp)
  })

  await rule('following from a position starts behind it', async (t, { store }) => {
    const stream = newStream()
    const { position } = await store.append(stream, 'none', [event(), event()])
    const later = event()
    await store.append(stream, 'any', [later])
    t.strictSame(ids(await follow(t, store, position).untilCaughtUp()), [later.id])
  })

  await rule('followers miss nothing while many write', async (t, { store, start }) => {
    const followers = [follow(t, store, start), follow(t, store, start)]
    const received = Promise.all(followers.map((follower) => follower.take(600)))
    await Promise.all(
      times(12, async () => {
        for (const _ of times(50, () => 0)) await store.append(newStream(), 'none', [event()])
      }),
    )
    const log = ids(await store.after(start, 1_000))
    for (const events of await received) t.strictSame(ids(events), log)
  })

  await rule('following ends when its signal aborts, waiting or not', async (t, { store, start }) => {
    const abort = new AbortController()
    const following = store.follow(start, abort.signal)[Symbol.asyncIterator]()
    await following.next()
    const waiting = following.next()
    abort.abort()
    t.equal((await waiting).done, true)
    for await (const _ of store.follow(start, AbortSignal.abort())) t.fail('nothing is to be followed')
  })

  await rule('a follower who leaves the loop holds up nothing', async (t, { store, start }) => {
    const abort = new AbortController()
    for await (const page of store.follow(start, abort.signal)) if (page.caughtUp) break
    await store.append(newStream(), 'none', [event()])
    t.strictSame((await follow(t, store, start).untilCaughtUp()).length, 1)
  })

  await rule(
    'closing answers what was appended before, ends followers and refuses the rest',
    async (t, given) => {
      const { store, start } = given
      const follower = follow(t, store, start)
      await follower.page()
      const ended = follower.end()
      const pending = times(100, () => store.append(newStream(), 'none', [event()]))
      await store.close()
      t.equal((await Promise.all(pending)).length, 100)
      await ended
      await t.rejects(store.append(newStream(), 'none', [event()]), StoreUnavailable)
      await t.rejects(store.read(newStream()), StoreUnavailable)
      await t.rejects(follow(t, store, start).page(), StoreUnavailable)
      await store.close()
    },
  )

  if (options.keeps)
    await rule('a log that is opened again is as it was, receipts included', async (t, { store, log }) => {
      const stream = newStream()
      const events = [event({ note: 'やあ' }), event()]
      const receipt = await store.append(stream, 'none', events)
      const stored = await store.read(stream)
      await store.close()
      const again = await open(t, log)
      t.teardown(() => again.close())
      t.strictSame(await again.read(stream), stored)
      t.equal(await again.head(), receipt.position)
      t.strictSame(await again.append(stream, 'none', events), receipt)
      await t.rejects(again.append(newStream(), 'none', events), DuplicateEventId)
      t.equal((await again.append(stream, 2, [event()])).version, 3)
    })
}

export const event = (data: Appending['data'] = { note: 'a visit' }): Appending => {
  const id = randomUUID()
  return {
    id,
    type: 'VisitRecorded',
    schemaVersion: 1,
    recordedAt: '2025-04-01T01:00:00.000Z',
    metadata: {
      occurredAt: '2025-04-01T00:00:00.000Z',
      occurredOn: '2025-04-01',
      precision: 'instant',
      actor: { staffId: 'staff-1', role: 'hubStaff', organizationId: 'ORG-141097-H' },
      dataClass: 'visit',
      correlationId: id,
      causationId: id,
      commandId: id,
      commandHash: 'hash',
    },
    data,
  }
}

export const newStream = (): StreamName => streamName('visit', randomUUID())

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Reads a following as a test wants to; it ends with the test. */
export const follow = (t: Test, store: EventStore, position: bigint) => {
  const abort = new AbortController()
  t.teardown(() => abort.abort())
  const pages = store.follow(position, abort.signal)[Symbol.asyncIterator]()
  const page = async (): Promise<Page> => {
    const { done, value } = await pages.next()
    if (done) throw new Error('the following ended')
    return value
  }
  return {
    page,
    async untilCaughtUp(): Promise<readonly Stored[]> {
      const events: Stored[] = []
      for (;;) {
        const next = await page()
        events.push(...next.events)
        if (next.caughtUp) return events
      }
    },
    async take(count: number): Promise<readonly Stored[]> {
      const events: Stored[] = []
      while (events.length < count) events.push(...(await page()).events)
      return events
    },
    async end(): Promise<void> {
      while (!(await pages.next()).done);
    },
  }
}

const ids = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id)
const versions = (events: readonly Stored[]) => events.map(({ version }) => version)
const withoutPosition = (stored: Stored | undefined) => {
  if (!stored) return undefined
  const { position: _, ...rest } = stored
  return rest
}
const succeeded = (result: PromiseSettledResult<unknown>) => result.status === 'fulfilled'
const failed = (result: PromiseSettledResult<unknown>): result is PromiseRejectedResult =>
  result.status === 'rejected'
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
