import { hostname } from 'node:os'
import closeWithGrace from 'close-with-grace'
import { openRedis, type RedisConnection } from '#infra/redis/connection.ts'
import { holdLease } from '#infra/redis/lease.ts'
import type { Config } from './config.ts'
import type { Log } from './log.ts'
import { type System, startSystem } from './system.ts'

/** One running program behind its door, or without one. */
export type Node = {
  readonly system: System
  readonly redis?: RedisConnection | undefined
  stop(): Promise<void>
}

export const startNode = async (config: Config, log: Log): Promise<Node> => {
  const redis = config.REDIS_URL === undefined ? undefined : openRedis(config.REDIS_URL, log)
  const system = await startSystem({
    dataDir: config.DATA_DIR,
    engine: config.EVENT_STORE,
    log,
    keyEncryptionKey: config.KEY_ENCRYPTION_KEY,
    previousKeyEncryptionKey: config.KEY_ENCRYPTION_KEY_PREVIOUS,
    ...(redis && {
      lease: (log) =>
        holdLease({ client: redis.client, name: `processes:${log}`, holder: `${hostname()}/${process.pid}` }),
    }),
  }).catch((error: unknown) => {
    redis?.close()
    throw error
  })
  return {
    system,
    redis,
    async stop() {
      await system.stop()
      redis?.close()
    },
  }
}

/** On a signal, or an error that nobody caught. @returns how to let that be */
export const endInOrder = (log: Log, stop: () => Promise<void>): (() => void) => {
  const grace = closeWithGrace({ delay: 10_000 }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'unexpected error; closing')
    else log.info({ signal: signal ?? 'none' }, 'closing')
    await stop()
  })
  return () => grace.uninstall()
}
