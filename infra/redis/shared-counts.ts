import { createHmac } from 'node:crypto'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { RedisConnection } from './connection.ts'

/** How many there were in the window that is running, this one included, and how long it still runs in ms. */
export type Count = { readonly current: number; readonly ttl: number }

/** Counts of what somebody does in fixed windows. Never rejects. */
export type Counts = {
  /** `most`: beyond it nobody else needs to know. */
  count(who: string, windowMs: number, most: number): Promise<Count>
}

type Options = {
  readonly connection: { readonly client: Pick<Redis, 'eval'> } & Pick<RedisConnection, 'isUp'>
  /** The same on every node. Names in Redis are made with it: no staff id and no address can be found again from them. */
  readonly secret: string | Buffer
  /** How long a count may wait for Redis, in ms. */
  readonly answerMs?: number
}

const ANSWER_MS = 250
/** After it did not answer, one count in this time tries again; the others do not wait. */
const REST_MS = 1_000

const COUNT = `
  local current = redis.call('INCR', KEYS[1])
  if current == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
  return {current, redis.call('PTTL', KEYS[1])}`

const Answer = z.tuple([z.number(), z.number()])

/**
 * Counted on this node, always, and over Redis for all nodes; the higher one stands. Without Redis the node's own count goes on where it
 * was: nobody gains by Redis being down, slow or flushed more than that each node counts for itself.
 */
export const sharedCounts = ({ connection, secret, answerMs = ANSWER_MS }: Options): Counts => {
  const countHere = countsHere()
  let resting = false
  let restsUntil = 0

  const countShared = async (who: string, windowMs: number): Promise<Count | undefined> => {
    if (!connection.isUp()) return undefined
    if (resting && performance.now() < restsUntil) return undefined
    const rest = () => {
      restsUntil = performance.now() + REST_MS
    }
    // Only this one finds out how Redis is.
    if (resting) rest()
    try {
      const name = createHmac('sha256', secret).update(who).digest('base64url')
      const counting = connection.client.eval(COUNT, 1, `tsunagi:rate:${name}`, windowMs)
      const [current, ttl] = Answer.parse(await within(counting, answerMs))
      resting = false
      return { current, ttl }
    } catch {
      resting = true
      rest()
      return undefined
    }
  }

  return {
    async count(who, windowMs, most) {
      const here = countHere(who, windowMs)
      if (here.current > most) return here
      const shared = await countShared(who, windowMs)
      return shared && shared.current >= here.current ? shared : here
    },
  }
}

/** Whoever was not seen for longest is forgotten first. */
const MOST_REMEMBERED = 10_000

const countsHere = () => {
  const windows = new Map<string, { current: number; readonly ends: number }>()
  return (who: string, windowMs: number): Count => {
    const now = performance.now()
    const known = windows.get(who)
    const window = known && known.ends > now ? known : { current: 0, ends: now + windowMs }
    window.current++
    windows.delete(who)
    windows.set(who, window)
    if (windows.size > MOST_REMEMBERED) windows.delete(windows.keys().next().value ?? who)
    return { current: window.current, ttl: Math.ceil(window.ends - now) }
  }
}

const within = <T>(answer: Promise<T>, ms: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
