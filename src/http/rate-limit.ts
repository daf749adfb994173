import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { Count, Counts } from '#infra/redis/shared-counts.ts'

/** Each person so often a minute; who is not known, each address. `counts`: shared by several nodes. */
export const limitRate = async (app: FastifyInstance, perMinute: number, counts?: Counts): Promise<void> => {
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: '1 minute',
    hook: 'preParsing',
    keyGenerator: ({ principal, ip }) => principal?.staffId ?? ip,
    errorResponseBuilder: () => Object.assign(new Error('too many'), { statusCode: 429 }),
    ...(counts && { store: storeOver(counts) }),
  })
}

/** A class, because the plugin makes its store itself. */
const storeOver = (counts: Counts) =>
  class {
    incr(who: string, done: (error: Error | null, count?: Count) => void, windowMs: number, most: number) {
      counts.count(who, windowMs, most).then((count) => done(null, count), done)
    }
    child() {
      return this
    }
  }
