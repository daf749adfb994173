import { setTimeout as sleep } from 'node:timers/promises'
import { EventStoreDBClient } from '@eventstore/db-client'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { answerIn, TimedOut, wordsOf } from './errors.ts'
import { slots } from './slots.ts'
import { openStreams, type Streaming } from './streaming.ts'
import { within } from './within.ts'

export type Client = EventStoreDBClient
export type Say = (text: string, fields: Readonly<Record<string, unknown>>) => void

export type Connection = {
  /**
   * One attempt to append, over within `attemptMs`.
   * @throws the server's own answer (`answerIn` names it); everything else as `StoreUnavailable`: what it did is not known
   */
  attempt<T>(work: (client: Client) => Promise<T>): Promise<T>
  /** All items of a bounded read, within `attemptMs`; throws as `attempt`. */
  read<T>(open: (client: Client) => Streaming<T>): Promise<readonly T[]>
  /** Items as they come, until the work is done, the signal aborts, or the connection is lost: then it throws. */
  subscribe<T>(
    open: (client: Client) => Streaming<T>,
    signal: AbortSignal,
    work: (items: Streaming<T>) => Promise<void>,
  ): Promise<void>
  /** Nothing on the way is answered any more. Waits for nobody for long. */
  close(): Promise<void>
}

export type ConnectionOptions = {
  /** `esdb://…` or `esdb+discover://…`, as EventStoreDB's own documentation writes it. */
  readonly url: string
  readonly attemptMs?: number
  readonly say?: Say
}

/** The server allows 100 calls at once on a connection, and a client that wants more hangs. Appends share one call. */
const READS_AT_ONCE = 70
const APPENDS_AT_ONCE = 1_000
const ATTEMPT_MS = 5_000
const DISPOSE_MS = 1_000
const BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 3_000
/** The client reconnects by itself after most failures; after so many in a row it is given up. */
const FAILURES_BEFORE_RENEWAL = 3

/**
 * The one client of this thread (an error on one client's append stream rejects the appends of all others), guarded: every
 * call ends, and a client that has gone wrong is replaced. The client itself retries nothing, waits for some answers for ever,
 * and remembers a failed look at what the server can do.
 */
export const connect = ({
  url,
  attemptMs = ATTEMPT_MS,
  say = () => undefined,
}: ConnectionOptions): Connection => {
  const streams = openStreams()
  const readers = slots(READS_AT_ONCE)
  const writers = slots(APPENDS_AT_ONCE)
  const closing = new AbortController()
  let client = EventStoreDBClient.connectionString(url)
  let failures = 0
  let renewing: Promise<void> | undefined

  const leave = async (old: Client): Promise<void> => {
    streams.endAll()
    await within(old.dispose(), DISPOSE_MS).catch(() => undefined)
  }
  /** The old calls have to be over before new appends begin: the client keeps all pending appends in one place. */
  const renew = async (): Promise<void> => {
    await leave(client)
    await sleep(backoff(failures), undefined, { signal: closing.signal }).catch(() => undefined)
    client = EventStoreDBClient.connectionString(url)
    renewing = undefined
  }
  const failed = (of: Client, error: unknown): void => {
    failures += 1
    const isSpent = error instanceof TimedOut || failures % FAILURES_BEFORE_RENEWAL === 0
    if (closing.signal.aborted || of !== client || renewing || !isSpent) return
    say('the connection to EventStoreDB is made anew', { failures, cause: wordsOf(error) })
    renewing = renew()
  }
  const answered = (): void => {
    if (failures >= FAILURES_BEFORE_RENEWAL) say('EventStoreDB answers again', { failures })
    failures = 0
  }
  const ready = async (): Promise<Client> => {
    if (renewing) await within(renewing, attemptMs)
    if (closing.signal.aborted) throw new StoreUnavailable('the event store is closed')
    return client
  }

  const once = async <T>(
    room: ReturnType<typeof slots>,
    work: (client: Client, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    await room.take(attemptMs).catch(unknownOutcome)
    const over = new AbortController()
    let used = client
    try {
      used = await ready()
      const result = await within(work(used, over.signal), attemptMs)
      answered()
      return result
    } catch (error) {
      if (answerIn(error)) {
        answered()
        throw error
      }
      failed(used, error)
      return unknownOutcome(error)
    } finally {
      over.abort()
      room.give()
    }
  }

  return {
    attempt: (work) => once(writers, work),
    read: (open) =>
      once(readers, (of, signal) =>
        streams.use(open(of), signal, async (items) => {
          const all = []
          for await (const item of items) all.push(item)
          return all
        }),
      ),
    async subscribe(open, signal, work) {
      const used = await ready()
      try {
        await streams.use(open(used), AbortSignal.any([signal, closing.signal]), work)
      } catch (error) {
        if (signal.aborted || closing.signal.aborted) return
        failed(used, error)
        throw error
      }
    },
    async close() {
      closing.abort()
      await renewing
      await leave(client)
    },
  }
}

const unknownOutcome = (error: unknown): never => {
  if (error instanceof StoreUnavailable) throw error
  throw new StoreUnavailable(`EventStoreDB: ${wordsOf(error)}`, { cause: error })
}

/** Jittered: nodes that lost the server together do not come back together. */
const backoff = (failures: number): number =>
  Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2)
