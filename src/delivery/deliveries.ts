import { setTimeout as pause } from 'node:timers/promises'
import { type Answer, openExchange } from '#infra/outgoing/exchange.ts'
import type { WorkQueue } from '#infra/queue/work-queue.ts'
import type { Lease } from '#infra/redis/lease.ts'
import { testEvent } from '#src/feed/published.ts'
import { familyReferences } from '#src/feed/references.ts'
import type { Log } from '#src/log.ts'
import { attemptIn, post, subscriptionFold } from './attempt.ts'
import type { Clock } from './courier.ts'
import { type Dispatcher, startDispatcher } from './dispatcher.ts'
import { handOver } from './hand-over.ts'
import type { House } from './house.ts'
import { madeIn } from './made.ts'
import { startRecorder } from './recorder.ts'
import { Work } from './work.ts'

/** Sending referral events to those who subscribe to them, on this node. */
export type Deliveries = Pick<Dispatcher, 'status' | 'idle'> & {
  /** Whether webhooks may go to this machine itself: for development. */
  readonly loopback: boolean
  /** Makes an attempt that another node has handed over, and writes down what came of it. */
  carryOut(work: unknown): Promise<void>
  /** Sends an event that says nothing, now, and answers what came of it. Undefined: there is no such subscription. */
  test(subscription: string): Promise<Answer | undefined>
  stop(): Promise<void>
}

export type DeliveryOptions = {
  readonly loopback?: boolean
  readonly queue?: WorkQueue | undefined
  readonly monotonic?: () => number
  readonly deadlineMs?: number
}

/** How long what is under way may still take when the program ends. */
const GOODBYE_MS = 2_000

export const startDeliveries = (
  house: House,
  { lease, log, ...options }: DeliveryOptions & { readonly lease: Lease; readonly log: Log },
): Deliveries => {
  const { loopback = false, queue, monotonic = () => performance.now(), deadlineMs } = options
  const { view, views, now } = house
  const exchange = openExchange({ loopback, ...(deadlineMs !== undefined && { deadlineMs }) })
  const familyReference = familyReferences(house.keyring)
  const attempt = attemptIn({ ...house, exchange, familyReference })
  const recorder = startRecorder({ store: house.store, now, log })
  const made = madeIn(views)
  const { deliver, recorded } = handOver({ attempt, made, queue })
  const clock: Clock = { now, monotonic }
  const dispatcher = startDispatcher({
    ...house,
    lease,
    clock,
    deliver,
    onRecorded: recorded,
    recorder,
    log,
  })

  return {
    loopback,
    status: dispatcher.status,
    idle: dispatcher.idle,
    async carryOut(given) {
      const work = Work.parse(given)
      if (made(work)) return
      const delivery = await attempt(work)
      if (!delivery) return
      recorder.note(work.subscription, delivery)
      await recorder.flushed()
    },
    async test(id) {
      const { state } = await view(subscriptionFold, id)
      if (state.status === 'none' || state.status === 'ended') return undefined
      const event = testEvent(now())
      return post(exchange, state, event.id, JSON.stringify(event), now())
    },
    async stop() {
      const stopped = dispatcher.stop()
      await Promise.race([stopped, pause(GOODBYE_MS)])
      await exchange.close()
      await stopped
      await recorder.stop()
      await queue?.close()
    },
  }
}
