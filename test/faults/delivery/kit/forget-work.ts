import { Redis } from 'ioredis'
import type { TestRedis } from '#test/kit/redis.ts'

/** What Redis knows of the work is gone, and nothing else: the lease stays where it is. */
export const forgetWork = async ({ url }: TestRedis): Promise<void> => {
  const client = new Redis(url)
  try {
    await client.del(await client.keys('tsunagi:{*}:deliveries:*'))
  } finally {
    client.disconnect()
  }
}
