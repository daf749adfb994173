import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { EventStore } from '#domain/kernel/event-store.ts'
import type { Keyring } from '#domain/kernel/keyring.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { processes } from '#domain/processes/registry.ts'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { openProcessJournal } from '#infra/process-journal/sqlite.ts'
import type { Lease, LeaseState } from '#infra/redis/lease.ts'
import { followedUpByAnyNode } from '#src/processes/followed-up.ts'
import { startProcesses } from '#src/processes/runner.ts'
import { seedDirectory } from '#src/seed.ts'
import type { Execute } from '#src/write/execute.ts'
import { writePath } from '#src/write/write-path.ts'
import { child, family, nakamura, visit } from '#test/kit/controls.ts'
import { keysInMemory } from '#test/kit/keys.ts'
import { silent } from '#test/kit/running-system.ts'

/** A lease that is where the test says. */
const leaseIn = (first: LeaseState) => {
  const listeners = new Set<(state: LeaseState) => void>()
  let state = first
  const lease: Lease = {
    acts: () => state !== 'waiting',
    state: () => state,
    term: () => undefined,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async stop() {},
  }
  return {
    lease,
    become(next: LeaseState) {
      state = next
      for (const listener of listeners) listener(next)
    },
  }
}

const NOW = '2022-02-17T00:30:00.000Z'
const occurrence = { occurredAt: NOW, occurredOn: '2022-02-17', precision: 'instant' } as const

/** What all nodes share: the log, the keys, and how far what follows from facts has been recorded. */
const shared = () => {
  const store = memoryEventStore()
  const keyring = keysInMemory()
  const checkpoint = { position: 0n, written: [] as bigint[] }
  return {
    store,
    keyring,
    checkpoint,
    async read() {
      return checkpoint.position
    },
    async write(position: bigint) {
      checkpoint.position = position
      checkpoint.written.push(position)
    },
  }
}

const node = (
  t: Test,
  common: ReturnType<typeof shared>,
  first: LeaseState,
  given?: { readonly execute: Execute },
) => {
  const { store, keyring }: { store: EventStore; keyring: Keyring } = common
  const path = writePath({ store, keyring, now: () => NOW, calendar: japaneseCalendar })
  const { lease, become } = leaseIn(first)
  const journal = openProcessJournal(':memory:')
  const running = startProcesses({
    store,
    decode: path.decode,
    lifecycles,
    processes,
    watches: [],
    execute: given?.execute ?? path.execute,
    journal,
    lease,
    followedUp: followedUpByAnyNode(common, silent, 5),
    now: () => NOW,
    log: silent,
  })
  // What is stuck cannot be stopped, and keeps nothing open.
  if (!given)
    t.teardown(async () => {
      await running.stop()
      journal.close()
    })
  return { running, become, ...path }
}

const visitWithChild = async ({ execute }: { readonly execute: Execute }) => {
  const give = async (name: string, id: string, data: object) => {
    const lifecycle = lifecycles.find(({ commands }) => name in commands)
    const spec = lifecycle?.commands[name]
    if (!lifecycle || !spec) throw new Error(`no command ${name}`)
    const parsed = spec.schema.parse(data)
    return execute({
      lifecycle,
      name,
      id,
      data: parsed,
      actor: nakamura,
      occurrence,
      commandId: `${name}/${id}`,
    })
  }
  await seedDirectory(execute)
  await give('RegisterFamily', family, {})
  return give('RecordVisit', visit, {
    familyId: family,
    visitors: ['mother'],
    childAdded: { personId: child, birthDate: '2021-10-02' },
  })
}

const childrenIn = async (store: EventStore) =>
  (await store.read(`family-${family}`)).filter(({ type }) => type === 'ChildAdded').length

t.test(
  'what the one before did not come to is done by the next, however far that one had gone along',
  async (t) => {
    const common = shared()
    // Its machine is gone in the middle of the work.
    const stuck: Execute = () => new Promise(() => undefined)
    const asked = node(t, common, 'held', { execute: stuck })
    const standby = node(t, common, 'waiting')
    await visitWithChild(asked)
    const head = await common.store.head()
    t.ok(await standby.running.settled(head, 2_000), 'the other has gone along')
    await pause(50)
    t.equal(await childrenIn(common.store), 0, 'and has given no command')
    t.ok(common.checkpoint.position < head, 'nor said that it is done')

    standby.become('held')
    for (let tries = 0; tries < 200 && (await childrenIn(common.store)) === 0; tries++) await pause(10)
    t.equal(await childrenIn(common.store), 1, 'the next one records it')
    await pause(50)
    t.ok(common.checkpoint.position >= head, 'and says so')
  },
)

t.test('two that act at once, because nobody knows who holds the lease, record it once', async (t) => {
  const common = shared()
  const [one, two] = [node(t, common, 'alone'), node(t, common, 'alone')]
  await visitWithChild(one)
  const head = await common.store.head()
  t.ok(await one.running.settled(head, 2_000))
  t.ok(await two.running.settled(head, 2_000))
  t.equal(await childrenIn(common.store), 1)
})

t.test('one that does not act follows up what it was told itself, before it answers', async (t) => {
  const common = shared()
  const standby = node(t, common, 'waiting')
  const outcome = await visitWithChild(standby)
  if (outcome.kind !== 'done' || outcome.position === undefined) throw new Error(outcome.kind)
  t.equal(await childrenIn(common.store), 0)
  await standby.running.followUp(outcome.facts, outcome.position, 1_000)
  t.equal(await childrenIn(common.store), 1)
  t.strictSame(common.checkpoint.written, [], 'and leaves it to the one that acts to say how far all is done')
})
