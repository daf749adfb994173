import t from 'tap'
import type { Delivery } from '#domain/delivery/events.ts'
import { handOver } from '#src/delivery/hand-over.ts'
import type { Work } from '#src/delivery/work.ts'
import { newId } from '#test/kit/door.ts'
import { until } from '#test/kit/redis.ts'

const work: Work = { subscription: newId(), run: 0, sequence: 7, looked: 9, position: '30', attempt: 2 }

const delivered = {
  ...{ run: 0, sequence: 7, looked: 9, eventId: newId(), referralId: newId() },
  ...{ outcome: 'delivered', attempt: 2, at: '2024-06-03T01:00:00.000Z' },
} as Delivery

/** Takes everything, and nobody does it. */
const silentQueue = (taken = true) => {
  const offered: string[] = []
  return {
    offered,
    async offer(key: string) {
      offered.push(key)
      return taken
    },
    close: async () => undefined,
  }
}

const signal = new AbortController().signal
const notHere = async () => {
  throw new Error('it was made here')
}

t.test('what came of an attempt is learned from the log, whoever wrote it', async (t) => {
  const queue = silentQueue()
  const { deliver, recorded } = handOver({ attempt: notHere, made: () => undefined, queue })
  const done = deliver(work, signal)
  await until(() => queue.offered.length > 0, 'offered')
  recorded(work.subscription, [delivered])
  t.strictSame(await done, { delivery: delivered, isNoted: true })
})

t.test('made and written down before anybody waited for it, it is not waited for', async (t) => {
  const queue = silentQueue()
  const { deliver, recorded } = handOver({ attempt: notHere, made: () => delivered, queue })
  recorded(work.subscription, [delivered])
  t.strictSame(await deliver(work, signal), { delivery: delivered, isNoted: true })
  t.strictSame(queue.offered, [])
})

t.test('when the views learn of it only later, it is offered again until then', async (t) => {
  const queue = silentQueue()
  const { deliver } = handOver({
    attempt: notHere,
    made: () => (queue.offered.length > 1 ? delivered : undefined),
    queue,
  })
  t.strictSame(await deliver(work, signal), { delivery: delivered, isNoted: true })
  t.equal(new Set(queue.offered).size, 1, 'under the same key')
})

t.test('where nobody is there to take it, it is made here', async (t) => {
  const { deliver } = handOver({
    attempt: async () => delivered,
    made: () => undefined,
    queue: silentQueue(false),
  })
  t.strictSame(await deliver(work, signal), { delivery: delivered, isNoted: false })
})

t.test('told to stop, it is left as it is', async (t) => {
  const stopping = new AbortController()
  const queue = silentQueue()
  const { deliver } = handOver({ attempt: notHere, made: () => undefined, queue })
  const left = deliver(work, stopping.signal)
  await until(() => queue.offered.length > 0, 'offered')
  stopping.abort()
  t.equal(await left, undefined)
})
