import type { Delivery } from '#domain/delivery/events.ts'
import { ViewNotReady } from '#domain/kernel/projection.ts'
import type { Known } from '#domain/subscription/state.ts'
import { circuitBreaker } from './breaker.ts'
import { eventOf } from './event-of.ts'
import type { Intake, Taken } from './intake.ts'
import { openLanes, type Waiting } from './lanes.ts'
import { pacing } from './pace.ts'
import type { Work } from './work.ts'

/** How many events of one subscription are held in memory; the others wait in the feed. */
const WINDOW = 5_000

/** A time of the wall and of the machine: due times live on the latter, so that a clock that is set makes no storm of retries. */
export type Clock = { readonly now: () => string; readonly monotonic: () => number }

export type CourierParts = {
  readonly id: string
  readonly state: Known
  readonly intake: Intake
  readonly clock: Clock
  /** Makes one attempt, here or elsewhere. Undefined: it was not made, and is not to be now. */
  readonly deliver: (work: Work, signal: AbortSignal) => Promise<Delivery | undefined>
  /** What came of it without any attempt is noted by the courier. */
  readonly note: (delivery: Delivery) => void
  /** Whether this node is the one that sends. */
  readonly acts: () => boolean
  readonly onSettled: (delivery: Delivery) => void
  /** It cannot go on. */
  readonly onFailed: (error: unknown) => void
}

/**
 * Sends the events of one subscription: each family's in order, as many at a time as its endpoint takes, tried again when due, not at
 * all while the endpoint does not answer. Knows nothing that the log does not: another one may take over at any moment.
 */
export const startCourier = (parts: CourierParts) => {
  const { id, intake, clock, deliver, note, acts, onSettled, onFailed } = parts
  let { endpoint } = parts.state
  const lanes = openLanes()
  const breaker = circuitBreaker()
  let pace = pacing(endpoint.perMinute)
  const stopping = new AbortController()
  const going = new Set<Promise<void>>()
  let mayHaveMore = true

  const waitingFrom = ({ run, sequence, row, attempts, nextAt }: Taken): Waiting => {
    const wait = nextAt === undefined ? 0 : Math.max(0, Date.parse(nextAt) - Date.parse(clock.now()))
    return { run, sequence, row, attempts, dueAt: clock.monotonic() + wait }
  }
  const parkBehind = (behind: Pick<Waiting, 'run' | 'sequence' | 'row'>): void =>
    note({ ...eventOf(behind), outcome: 'parked', attempt: 0, at: clock.now(), reason: 'behindParked' })
  const takeIn = (taken: Taken): void => {
    if (taken.parked) lanes.parkLane(taken)
    else if (!lanes.add(waitingFrom(taken), clock.monotonic())) parkBehind(taken)
  }
  let isComingBack = false
  /** A page at a time: what does not fit, or was sent long ago, may be a lot, and others have their turn meanwhile. */
  const fill = (): void => {
    if (!mayHaveMore || lanes.size() >= WINDOW) return
    const page = nextPage(intake)
    if (!page) return
    for (const one of page.taken) takeIn(one)
    mayHaveMore = page.more
    if (!mayHaveMore || isComingBack) return
    isComingBack = true
    setImmediate(() => {
      isComingBack = false
      pump()
    })
  }

  const settle = (waiting: Waiting, delivery: Delivery | undefined): void => {
    const now = clock.monotonic()
    if (!delivery) {
      // Paused, ended, stopped, or not known to whoever should have sent it.
      breaker.undecided()
      lanes.again(waiting, { attempts: waiting.attempts, dueAt: now + NOT_NOW_MS }, now)
      return
    }
    const { outcome, attempt, nextAt, retryAfterMs } = delivery
    if (outcome === 'delivered' && breaker.succeeded()) lanes.hurry(now)
    if (outcome === 'withheld') breaker.undecided()
    if (outcome === 'failed' || outcome === 'parked') breaker.failed(waiting.row.familyId, now)
    if (outcome === 'failed') {
      const wait = Math.max(0, Date.parse(nextAt ?? '') - Date.parse(clock.now()))
      if (retryAfterMs !== undefined) breaker.hold(now + Math.min(retryAfterMs, LONGEST_HOLD_MS))
      lanes.again(waiting, { attempts: attempt, dueAt: now + wait }, now)
    } else if (outcome === 'parked') for (const behind of lanes.park(waiting)) parkBehind(behind)
    else lanes.settled(waiting, now)
    onSettled(delivery)
  }

  const go = async (waiting: Waiting): Promise<void> => {
    const { run, sequence, row, attempts } = waiting
    const { sequence: looked, position } = row
    const work = { subscription: id, run, sequence, looked, position, attempt: attempts + 1 }
    const delivery = await deliver(work, stopping.signal)
    if (!stopping.signal.aborted || delivery) settle(waiting, delivery)
  }
  const launch = (waiting: Waiting): void => {
    const one: Promise<void> = go(waiting)
      .catch(onFailed)
      .finally(() => {
        going.delete(one)
        pump()
      })
    going.add(one)
  }
  const pump = (): void => {
    try {
      if (!stopping.signal.aborted && acts()) fillAndSend()
    } catch (error) {
      onFailed(error)
    }
  }
  const fillAndSend = (): void => {
    fill()
    for (;;) {
      const now = clock.monotonic()
      if (going.size >= endpoint.concurrency || !breaker.allows(now) || !pace.take(now)) return
      const waiting = lanes.next(now)
      if (!waiting) {
        pace.giveBack()
        return
      }
      breaker.began()
      launch(waiting)
    }
  }
  pump()

  return {
    /** There may be something to do: time has passed, or the feed has grown. */
    wake(feedHasGrown: boolean): void {
      if (feedHasGrown) mayHaveMore = true
      pump()
    },
    changeEndpoint(next: Known['endpoint']): void {
      endpoint = next
      pace = pacing(next.perMinute)
    },
    status: () => ({ waiting: lanes.size(), going: going.size, isOpen: breaker.isOpen() }),
    /** Nothing is under way, and nothing may go now. */
    isAtRest(): boolean {
      const now = clock.monotonic()
      return going.size === 0 && !mayHaveMore && (lanes.isAsleep(now) || !breaker.allows(now))
    },
    /** Nothing more is begun. Resolves when what was under way has come to an end. @returns what was left */
    async stop(): Promise<readonly Waiting[]> {
      stopping.abort()
      while (going.size > 0) await Promise.all(going)
      return lanes.waiting()
    },
  }
}

/** Undefined: a view is being built, and is asked again later. */
const nextPage = (intake: Intake): ReturnType<Intake['next']> | undefined => {
  try {
    return intake.next()
  } catch (error) {
    if (error instanceof ViewNotReady) return undefined
    throw error
  }
}

export type Courier = ReturnType<typeof startCourier>

const NOT_NOW_MS = 1_000
/** Later attempts of single events may wait longer; the endpoint as a whole does not. */
const LONGEST_HOLD_MS = 60 * 60_000
