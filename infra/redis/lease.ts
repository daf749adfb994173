import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { z } from 'zod'

/**
 * `held`     this node alone acts, as far as Redis knows
 * `alone`    Redis has not answered for longer than the grace: this node acts, and so may others
 * `waiting`  another node acts, or nobody knows yet
 */
export type LeaseState = 'held' | 'alone' | 'waiting'

/** What must run somewhere, and once is enough. */
export type Lease = {
  /** Whether to act now: `held` or `alone`. Cheap, and right even just after this process was frozen: ask before every piece of work. */
  acts(): boolean
  state(): LeaseState
  /** Grows with every change of holder, for reading logs side by side. Begins again when Redis forgets: nothing may rest on it. */
  term(): number | undefined
  /** Called after every change; answers how to stop listening. */
  onChange(listener: (state: LeaseState) => void): () => void
  /** End the work first, then this: another node may take over at once. Bounded, whatever Redis does. */
  stop(): Promise<void>
}

export type LeaseOptions = {
  readonly client: Pick<Redis, 'eval'>
  /** What it is for; nodes that name the same one contend for it. */
  readonly name: string
  /** Which node this is, for whoever looks into Redis. No personal data. */
  readonly holder: string
  /** Another node takes over this long after its holder died, plus a tenth. */
  readonly ttlMs?: number
  /** How long the work may rest while Redis does not answer. */
  readonly graceMs?: number
}

/** Takes it, or keeps it: one step, so that a holder whom Redis forgot cannot take it from the next one. */
const TAKE = `
  local holder = redis.call('GET', KEYS[1])
  if holder == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {1, tonumber(redis.call('GET', KEYS[2]) or 0)}
  end
  if holder then return {0, redis.call('PTTL', KEYS[1])} end
  redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
  return {1, redis.call('INCR', KEYS[2])}`

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/** Whether it is ours; then its term, else how long the holder has it at most, in ms. */
const Answer = z.tuple([z.literal([0, 1]), z.number()])

/**
 * Contends for a lease until stopped.
 *
 * The holder renews it every third of its time and counts it as lost a tenth before Redis can give it to another, by its own
 * monotonic clock, reckoned from before the request was sent. So no two nodes see themselves as holder at the same time, unless
 * Redis forgets what it knew (flushed, restarted without its file, its clock set forward): then until the earlier one asks again.
 *
 * **While Redis is away** nobody gains it and the holder loses it. Were that all, what runs under it (deadlines, answers to letters,
 * deliveries) would rest as long as the outage lasts, although every node is well. But a lease only saves work: whoever acts without
 * it does no harm, for event ids and expected versions make every consequence single (decision 14). So after `graceMs` without an
 * answer a node acts `alone`, and so may every other one: the same work several times over, to the same effect, until Redis answers and
 * one of them holds the lease again. A node that only lost its own way to Redis acts beside the holder, which is no worse. The grace is
 * longer than Redis needs to restart.
 *
 * A node that was itself frozen has not been without an answer: it did not ask.
 */
export const holdLease = (options: LeaseOptions): Lease => {
  const { client, name, holder, ttlMs = 5_000, graceMs = 2 * ttlMs } = options
  const key = `tsunagi:{lease:${name}}`
  const token = `${holder} ${randomUUID()}`
  const usableMs = ttlMs * 0.9
  /** A released one is found within a tenth, an expired one as soon as it is. */
  const untilFree = (leftMs: number) => {
    const look = (ttlMs / 10) * (0.8 + 0.4 * Math.random())
    return leftMs < 0 ? look : Math.min(look, leftMs + 1)
  }
  const stopping = new AbortController()
  const listeners = new Set<(state: LeaseState) => void>()
  let heldUntil = Number.NEGATIVE_INFINITY
  let isAlone = false
  let term: number | undefined
  let unansweredMs = 0
  let told: LeaseState = 'waiting'
  let expiry: NodeJS.Timeout | undefined

  const state = (): LeaseState => {
    if (performance.now() < heldUntil) return 'held'
    return isAlone ? 'alone' : 'waiting'
  }
  const tell = () => {
    const now = state()
    if (now === told) return
    told = now
    for (const listener of listeners) listener(now)
  }
  const set = (until: number, alone: boolean, number?: number) => {
    // Of a time that ran out meanwhile everybody hears, even when the next one begins now.
    tell()
    heldUntil = until
    isAlone = alone
    term = number
    tell()
    watchExpiry()
  }
  const watchExpiry = () => {
    clearTimeout(expiry)
    const left = heldUntil - performance.now()
    // A timer may come early.
    if (left > 0) expiry = setTimeout(watchExpiry, Math.ceil(left))
    else tell()
  }

  /** Answers how long to wait before asking again. */
  const ask = async (since: number): Promise<number> => {
    const askedAt = performance.now()
    const answer = await client
      .eval(TAKE, 2, key, `${key}:term`, token, ttlMs)
      .then((reply) => Answer.parse(reply))
      .catch(() => undefined)
    if (stopping.signal.aborted) return 0
    if (answer === undefined) {
      unansweredMs += Math.min(performance.now() - since, ttlMs)
      if (unansweredMs > graceMs) set(heldUntil, true, term)
      return ttlMs / 50
    }
    const [isOurs, number] = answer
    unansweredMs = 0
    if (isOurs) set(askedAt + usableMs, false, number)
    else set(Number.NEGATIVE_INFINITY, false)
    return isOurs ? ttlMs / 3 : untilFree(number)
  }
  const contend = async (): Promise<void> => {
    let asked = performance.now()
    while (!stopping.signal.aborted) {
      const wait = await ask(asked)
      asked = performance.now()
      await pause(wait, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  void contend()

  return {
    acts: () => state() !== 'waiting',
    state,
    term: () => (state() === 'held' ? term : undefined),
    onChange: (listener) => listening(listeners, listener),
    async stop() {
      stopping.abort()
      set(Number.NEGATIVE_INFINITY, false)
      // Sent after whatever is on its way. Without an answer it expires by itself.
      await client.eval(RELEASE, 1, key, token).catch(() => undefined)
    },
  }
}

/** For the one node that needs no Redis. */
export const alwaysHeld = (): Lease => {
  const listeners = new Set<(state: LeaseState) => void>()
  let state: LeaseState = 'held'
  return {
    acts: () => state === 'held',
    state: () => state,
    term: () => undefined,
    onChange: (listener) => listening(listeners, listener),
    async stop() {
      if (state === 'waiting') return
      state = 'waiting'
      for (const listener of listeners) listener(state)
    },
  }
}

const listening = <Listener>(listeners: Set<Listener>, listener: Listener): (() => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
