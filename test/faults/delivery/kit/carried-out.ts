import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import type { TestRedis } from '#test/kit/redis.ts'

const LOOK_MS = 50

/** Keys of the work that workers have said is done, in what the queue itself tells of its jobs, over all lives of Redis. */
export const carriedOut = (t: Test, { url }: TestRedis): ReadonlySet<string> => {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 1_000,
    retryStrategy: () => LOOK_MS,
  })
  client.on('error', () => undefined)
  const done = new Set<string>()
  let last = '-'
  const look = async (): Promise<void> => {
    for (const key of await client.keys('tsunagi:{*}:deliveries:events'))
      for (const [id, fields] of await client.xrange(key, last, '+')) {
        last = `(${id}`
        const job = fields[fields.indexOf('jobId') + 1]
        if (fields.includes('completed') && job) done.add(job)
      }
  }
  const stopping = new AbortController()
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look().catch(() => undefined)
      await pause(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const watching = watch()
  t.teardown(async () => {
    stopping.abort()
    await watching
    client.disconnect()
  })
  return done
}
