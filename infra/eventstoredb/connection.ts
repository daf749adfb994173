import { type Client, readyToAppend } from './client.ts'
import { guardedClient, type Say } from './guarded-client.ts'
import { type Streaming, useStream } from './streaming.ts'

export type { Client } from './client.ts'
export type { Say } from './guarded-client.ts'

export type Connection = {
  /**
   * One attempt to append, over within `attemptMs`, or `ms` if that is less.
   * @throws the server's own answer (`answerIn` names it); everything else as `StoreUnavailable`: what it did is not known
   */
  attempt<T>(work: (client: Client) => Promise<T>, ms?: number): Promise<T>
  /** All items of a bounded read, as quickly as an attempt; throws as `attempt`. */
  read<T>(open: (client: Client) => Streaming<T>, ms?: number): Promise<readonly T[]>
  /** Items as they come, until the work is done, the signal aborts, or the connection is lost: then it throws. */
  subscribe<T>(
    open: (client: Client) => Streaming<T>,
    signal: AbortSignal,
    work: (items: Streaming<T>) => Promise<void>,
  ): Promise<void>
  isClosed(): boolean
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

/**
 * The way of this thread to the server: one client that appends and one that reads. All clients of a thread keep their pending
 * appends in one place: the end of one append stream rejects those of every other, and an answer that then comes ends the
 * process. So only one client appends, its failures are never those of reads, and after each of them its streams are over before
 * the next append begins.
 */
export const connect = ({
  url,
  attemptMs = ATTEMPT_MS,
  say = () => undefined,
}: ConnectionOptions): Connection => {
  const ending = new AbortController()
  const closing = ending.signal
  const writer = guardedClient({ url, attemptMs, atOnce: APPENDS_AT_ONCE, patience: 1, closing, say })
  // The client reconnects by itself after most failures of reads.
  const reader = guardedClient({ url, attemptMs, atOnce: READS_AT_ONCE, patience: 3, closing, say })

  return {
    attempt: (work, ms = attemptMs) =>
      writer.use(
        async (client, signal) => {
          await readyToAppend(client)
          // An attempt that was given up meanwhile would otherwise be sent by a client that is no longer used.
          signal.throwIfAborted()
          return work(client)
        },
        Math.min(ms, attemptMs),
      ),
    read: (open, ms = attemptMs) =>
      reader.use((client, signal) => useStream(open(client), signal, allOf), Math.min(ms, attemptMs)),
    async subscribe(open, signal, work) {
      try {
        await reader.stay((client, over) => useStream(open(client), AbortSignal.any([signal, over]), work))
      } catch (error) {
        if (signal.aborted || closing.aborted) return
        throw error
      }
    },
    isClosed: () => closing.aborted,
    async close() {
      ending.abort()
      await Promise.all([writer.close(), reader.close()])
    },
  }
}

const allOf = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const all = []
  for await (const item of items) all.push(item)
  return all
}
