import { setTimeout as pause } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

/** Hands work to other processes over Redis, which may forget it at any moment: whoever offers it offers it again until it is done. */
export type WorkQueue = {
  /**
   * The same key while it waits or is under way changes nothing.
   * @returns false: Redis does not answer, or nobody is there to take it
   */
  offer(key: string, work: object): Promise<boolean>
  close(): Promise<void>
}

export type Workers = { close(): Promise<void> }

type Told = Readonly<Record<'warn', (fields: object, text: string) => void>>

type Options = {
  /** `redis://` or `rediss://`. */
  readonly url: string
  /** Of the log whose work it is: several may share one Redis. */
  readonly name: string
  readonly log: Told
}

const QUEUE = 'deliveries'
const ANSWER_MS = 1_000
const LOOK_FOR_WORKERS_MS = 2_000
/** A process that dies is noticed when its lock has run out. */
const LOCK_MS = 10_000
const LOOK_FOR_DEAD_MS = 2_500
/** A killed worker is no reason to give a job up, however often it happens. */
const MOST_DEATHS = 1_000_000

/** Braces: all keys of a queue lie on one node of a Redis cluster. */
const prefixOf = (name: string): string => `tsunagi:{${name}}`

const backOff = (attempt: number): number =>
  Math.min(1_000, 50 * 2 ** Math.min(attempt, 5)) * (0.5 + Math.random() / 2)

/** The offering side: a command is answered within a second or refused. */
export const openWorkQueue = ({ url, name, log }: Options): WorkQueue => {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: ANSWER_MS,
    socketTimeout: 2 * ANSWER_MS,
    retryStrategy: backOff,
  })
  client.on('error', () => undefined)
  const queue = new Queue(QUEUE, {
    connection: client,
    prefix: prefixOf(name),
    skipVersionCheck: true,
    skipWaitingForReady: true,
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
  })
  queue.on('error', () => undefined)
  let hasWorkers = false
  const look = async (): Promise<void> => {
    hasWorkers = client.status === 'ready' && (await queue.getWorkersCount().catch(() => 0)) > 0
  }
  const looking = setInterval(() => void look(), LOOK_FOR_WORKERS_MS).unref()
  client.on('ready', () => void look())
  client.on('close', () => {
    hasWorkers = false
  })
  return {
    async offer(key, work) {
      if (!hasWorkers || client.status !== 'ready') return false
      try {
        await queue.add('attempt', work, { jobId: key })
        return true
      } catch (error) {
        log.warn({ err: error }, 'work is not handed on')
        return false
      }
    },
    async close() {
      clearInterval(looking)
      await queue.close().catch(() => undefined)
      client.disconnect()
    },
  }
}

/** The working side. `work` resolves when it is done, and done for good; what it throws is only logged: it is offered again. */
export const startWorkers = (
  options: Options & {
    readonly concurrency: number
    readonly work: (data: unknown) => Promise<void>
  },
): Workers => {
  const { url, name, log, concurrency, work } = options
  let isGivenUp = false
  const client = new Redis(url, {
    maxRetriesPerRequest: null,
    // The connection that waits for work has these options, too, and nobody else can end it.
    retryStrategy: (attempt) => (isGivenUp ? null : backOff(attempt)),
  })
  client.on('error', () => undefined)
  const worker = new Worker(QUEUE, ({ data }) => work(data), {
    connection: client,
    prefix: prefixOf(name),
    skipVersionCheck: true,
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: LOOK_FOR_DEAD_MS,
    maxStalledCount: MOST_DEATHS,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  })
  worker.on('error', () => undefined)
  worker.on('failed', (_job, error) => log.warn({ err: error }, 'work was not done; it is offered again'))
  return {
    async close() {
      // Without Redis it would wait for an answer for ever.
      await Promise.race([worker.close().catch(() => undefined), pause(ANSWER_MS)])
      isGivenUp = true
      client.disconnect()
    },
  }
}
