import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery } from '#domain/delivery/events.ts'
import { categoryOf, idIn } from '#domain/kernel/event.ts'
import { type Page, type Stored, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { ViewNotReady } from '#domain/kernel/projection.ts'
import { publishedReferralEvents } from '#domain/referral/events.ts'
import type { Known } from '#domain/subscription/state.ts'
import type { Lease } from '#infra/redis/lease.ts'
import { subscriptions } from '#projections/subscriptions.ts'
import type { Log } from '#src/log.ts'
import { turns } from '#src/write/turns.ts'
import { subscriptionFold } from './attempt.ts'
import { type Clock, type Courier, startCourier } from './courier.ts'
import { eventOf } from './event-of.ts'
import { failing } from './failing.ts'
import type { House } from './house.ts'
import { openIntake } from './intake.ts'
import type { Recorder } from './recorder.ts'
import type { Work } from './work.ts'

/** Has an attempt made, here or in another process. `isNoted`: whoever made it has written it down. */
export type Deliver = (
  work: Work,
  signal: AbortSignal,
) => Promise<{ readonly delivery: Delivery; readonly isNoted: boolean } | undefined>

export type Dispatcher = {
  /** What is under way for each subscription that this node sends for. */
  status(): readonly { readonly subscription: string; readonly waiting: number; readonly going: number }[]
  /** Resolves when everything up to this position that is to be sent now has been, and is written down; false after `ms`. */
  idle(position: bigint, ms: number): Promise<boolean>
  stop(): Promise<void>
}

const TICK_MS = 100
const RETRY_MS = 500
const CATCH_UP_MS = 1_000

type Options = Pick<House, 'store' | 'view' | 'views' | 'projector' | 'execute'> & {
  readonly lease: Lease
  readonly clock: Clock
  readonly deliver: Deliver
  /** Deliveries that other processes have written down. */
  readonly onRecorded: (subscription: string, deliveries: readonly Delivery[]) => void
  readonly recorder: Recorder
  readonly log: Log
}

/**
 * Whoever holds the lease sends: one courier for each subscription, woken by the log. The log is the truth: what is still to be sent is
 * what the feed has and the deliveries do not, so another node takes over from the views alone. It may send again what was not
 * written down yet; it skips nothing.
 */
export const startDispatcher = (options: Options): Dispatcher => {
  const { store, view, views, projector, lease, clock, deliver, onRecorded, recorder, log } = options
  const stopping = new AbortController()
  const couriers = new Map<string, Courier & { look(): void }>()
  const watchFailing = failing(options)
  const inTurn = turns()
  /** What is said of one subscription does not hold up the others. */
  const changing = new Set<Promise<void>>()
  let position = 0n

  const open = async (id: string): Promise<void> => {
    const { state } = await view(subscriptionFold, id)
    if (state.status !== 'active') return
    const health = watchFailing(id)
    const courier = startCourier({
      id,
      state,
      intake: openIntake(views, id, state),
      clock,
      async deliver(work, signal) {
        const made = await deliver(work, signal).catch((error: unknown) => later(work, error))
        if (made && !made.isNoted) recorder.note(id, made.delivery)
        return made?.delivery
      },
      note: (delivery) => recorder.note(id, delivery),
      acts: lease.acts,
      onSettled: health.noted,
      onFailed: (error) => log.error({ err: error, name: id }, 'a subscription is not sent to'),
    })
    couriers.set(id, { ...courier, look: () => health.look(clock.now()) })
  }
  const later = (work: Work, error: unknown): undefined => {
    log.warn({ err: error, name: work.subscription }, 'an attempt is made later')
  }
  /** What was under way ends, and what came of it is in the views, before anything else is sent for it. */
  const close = async (id: string, state?: Known): Promise<void> => {
    const courier = couriers.get(id)
    if (!courier) return
    couriers.delete(id)
    const left = await courier.stop()
    if (state?.status === 'ended')
      for (const waiting of left)
        recorder.note(id, { ...eventOf(waiting), outcome: 'givenUp', attempt: 0, at: clock.now() })
    await caughtUpTo(await recorder.flushed())
  }
  const caughtUpTo = async (wanted: bigint): Promise<void> => {
    while (!stopping.signal.aborted && !(await projector.reached(wanted, CATCH_UP_MS)));
  }

  /** Its own stream has changed: another endpoint is taken at once; anything else begins anew from the views. */
  const changed = async (id: string, types: ReadonlySet<string>): Promise<void> => {
    const courier = couriers.get(id)
    const { state } = await view(subscriptionFold, id)
    if (state.status === 'none') return
    if (courier && [...types].every((type) => AT_ONCE.has(type))) {
      courier.changeEndpoint(state.endpoint)
      return
    }
    await close(id, state)
    await open(id)
  }
  const change = (id: string, types: ReadonlySet<string>): void => {
    const one: Promise<void> = inTurn(id, () => changed(id, types))
      .catch((error: unknown) => log.error({ err: error, name: id }, 'a subscription is not sent to'))
      .finally(() => changing.delete(one))
    changing.add(one)
  }
  const take = async ({ events }: Page): Promise<void> => {
    const touched = new Map<string, Set<string>>()
    let feedHasGrown = false
    for (const event of events) {
      if (categoryOf(event.stream) === 'subscription') {
        const id = idIn(event.stream)
        touched.set(id, (touched.get(id) ?? new Set()).add(event.type))
      }
      if (publishedReferralEvents.has(event.type)) feedHasGrown = true
      if (event.type === 'DeliveriesRecorded') onRecorded(idIn(event.stream), deliveriesIn(event))
    }
    const last = events.at(-1)?.position
    if (last === undefined) return
    if (feedHasGrown || touched.size > 0) await caughtUpTo(last)
    for (const [id, types] of touched) change(id, types)
    if (feedHasGrown) for (const courier of couriers.values()) courier.wake(true)
    position = last
  }

  const go = async (signal: AbortSignal): Promise<void> => {
    const head = await store.head()
    await caughtUpTo(head)
    for (const { id } of views.reader(subscriptions).list({ where: { ended: 0 } })) await open(id)
    position = head
    for await (const page of store.follow(head, signal)) {
      await take(page)
      if (signal.aborted) return
    }
  }
  const closeAll = async (): Promise<void> => {
    while (changing.size > 0) await Promise.all(changing)
    await Promise.all([...couriers.keys()].map((id) => close(id)))
  }
  /** One turn: from taking the lease to losing it. */
  const turn = async (): Promise<void> => {
    const lost = new AbortController()
    const stopListening = lease.onChange(() => {
      if (!lease.acts()) lost.abort()
    })
    try {
      if (lease.acts()) await go(AbortSignal.any([stopping.signal, lost.signal]))
    } finally {
      stopListening()
      await closeAll()
    }
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await turn()
      } catch (error) {
        if (!(error instanceof StoreUnavailable || error instanceof ViewNotReady)) throw error
        log.warn({ err: error }, 'deliveries wait for a store')
      }
      await pause(lease.acts() ? RETRY_MS : TICK_MS, undefined, { signal: stopping.signal }).catch(
        () => undefined,
      )
    }
  }
  const running = run().catch((error: unknown) => log.fatal({ err: error }, 'nothing is delivered any more'))
  const timer = setInterval(() => {
    if (!lease.acts()) return
    for (const courier of couriers.values()) {
      courier.wake(false)
      courier.look()
    }
  }, TICK_MS).unref()

  const isIdle = (wanted: bigint): boolean =>
    position >= wanted && changing.size === 0 && [...couriers.values()].every((courier) => courier.isAtRest())
  return {
    status: () => [...couriers].map(([subscription, courier]) => ({ subscription, ...courier.status() })),
    async idle(wanted, ms) {
      for (const until = performance.now() + ms; performance.now() < until; await pause(10))
        if (isIdle(wanted)) {
          await recorder.flushed()
          if (isIdle(wanted)) return true
        }
      return false
    },
    async stop() {
      stopping.abort()
      clearInterval(timer)
      await running
    },
  }
}

/** Another address or another pace, and keys: each attempt asks for them itself. */
const AT_ONCE: ReadonlySet<string> = new Set([
  'EndpointChanged',
  'SigningKeysIssued',
  'EndpointFailing',
  'GrantRenewed',
  'GrantRevoked',
])

/** As they were written: nothing in them is under a key. */
const deliveriesIn = ({ data }: Stored): readonly Delivery[] => data.deliveries as readonly Delivery[]
