import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { openWorkQueue, startWorkers } from '#infra/queue/work-queue.ts'
import { openRedis, type RedisConnection } from '#infra/redis/connection.ts'
import { holdLease } from '#infra/redis/lease.ts'
import type { Config } from './config.ts'
import { isCluster } from './data/engine.ts'
import type { Log } from './log.ts'
import { type System, type SystemOptions, startSystem } from './system.ts'

/** One running program behind its door, or without one. */
export type Node = {
  readonly system: System
  readonly redis?: RedisConnection | undefined
  stop(): Promise<void>
}

export const startNode = async (config: Config, log: Log): Promise<Node> => {
  const { REDIS_URL: url } = config
  const redis = url === undefined ? undefined : openRedis(url, log)
  const system = await patiently({
    dataDir: config.DATA_DIR,
    engine: config.EVENT_STORE,
    log,
    keyEncryptionKey: config.KEY_ENCRYPTION_KEY,
    previousKeyEncryptionKey: config.KEY_ENCRYPTION_KEY_PREVIOUS,
    ...(redis && {
      lease: (identity) =>
        holdLease({
          client: redis.client,
          name: `processes:${identity}`,
          holder: `${hostname()}/${process.pid}`,
        }),
    }),
    delivery: {
      loopback: config.AUTH_MODE === 'dev',
      ...(url !== undefined && { queue: (name) => openWorkQueue({ url, name, log }) }),
    },
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

/** How many attempts one worker makes at the same time: most of them wait for an answer. */
const ATTEMPTS_AT_ONCE = 256

/** A node that makes the attempts which others hand over. */
export const startWorkerNode = async (config: Config, log: Log): Promise<Node> => {
  const node = await startNode(config, log)
  const { deliveries, logIdentity: name } = node.system
  const workers =
    config.REDIS_URL === undefined
      ? undefined
      : startWorkers({
          url: config.REDIS_URL,
          name,
          log,
          concurrency: ATTEMPTS_AT_ONCE,
          work: deliveries.carryOut,
        })
  return {
    ...node,
    async stop() {
      await workers?.close()
      await node.stop()
    },
  }
}

const RETRY_MS = 1_000

/** A cluster may be away for a moment just when its nodes start; ending would be a start from the beginning, for each attempt. */
const patiently = async (options: SystemOptions): Promise<System> => {
  for (;;)
    try {
      return await startSystem(options)
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || !isCluster(options.engine)) throw error
      options.log.warn({ err: error }, 'the log does not answer; the node starts when it does')
      await sleep(RETRY_MS * (0.5 + Math.random() / 2))
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
