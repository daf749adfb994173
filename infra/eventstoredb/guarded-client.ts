import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { type Client, closeChannel, openClient } from './client.ts'
import { answerIn, refusal, unknownOutcome, wordsOf } from './errors.ts'
import { slots } from './slots.ts'
import { within } from './within.ts'

export type Say = (text: string, fields: Readonly<Record<string, unknown>>) => void

export type Guard = {
  readonly url: string
  readonly attemptMs: number
  readonly atOnce: number
  /** After so many failures in a row the client is given up. */
  readonly patience: number
  readonly closing: AbortSignal
  readonly say: Say
}

type Held = { readonly client: Client; readonly calls: Set<AbortController> }

const DISPOSE_MS = 1_000
const BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 3_000

/**
 * A client of which every call ends, and which is replaced when it has gone wrong. The client itself retries nothing, waits for some
 * answers for ever, and remembers a failed look at what the server can do.
 */
export const guardedClient = ({ url, attemptMs, atOnce, patience, closing, say }: Guard) => {
  const room = slots(atOnce)
  const open = (): Held => ({ client: openClient(url), calls: new Set() })
  let held = open()
  let failures = 0
  let renewing: Promise<void> | undefined

  const leave = async ({ client, calls }: Held): Promise<void> => {
    for (const call of calls) call.abort(new Error('the connection is made anew'))
    // What was just about to open its call has opened it now, and loses it with the others.
    await nextTurn()
    await within(client.dispose(), DISPOSE_MS).catch(() => undefined)
    closeChannel(client)
  }
  const renew = async (): Promise<void> => {
    await leave(held)
    for (let tries = failures; !closing.aborted; tries++) {
      await sleep(backoff(tries), undefined, { signal: closing }).catch(() => undefined)
      try {
        held = open()
        break
      } catch (error) {
        say('there is no connection to EventStoreDB', { cause: wordsOf(error) })
      }
    }
    renewing = undefined
  }
  /** Calls that fail together are one failure. */
  const failed = (of: Held, error: unknown): void => {
    if (closing.aborted || of !== held || renewing) return
    failures += 1
    if (failures % patience !== 0) return
    say('the connection to EventStoreDB is made anew', { failures, cause: wordsOf(error) })
    renewing = renew()
  }
  const answered = (): void => {
    if (failures >= patience) say('EventStoreDB answers again', { failures })
    failures = 0
  }
  const ready = async (ms: number): Promise<Held> => {
    if (renewing) await within(renewing, ms)
    if (closing.aborted) throw new StoreUnavailable('the event store is closed')
    return held
  }
  const call = async <T>(
    of: Held,
    work: (client: Client, signal: AbortSignal) => Promise<T>,
    ms: number,
  ): Promise<T> => {
    const over = new AbortController()
    of.calls.add(over)
    try {
      return await (ms === Number.POSITIVE_INFINITY
        ? work(of.client, over.signal)
        : within(work(of.client, over.signal), ms, over.signal))
    } finally {
      of.calls.delete(over)
      over.abort()
    }
  }

  return {
    /** Over within `ms`, with waiting for a free call and for the connection. Throws as `Connection.attempt`. */
    async use<T>(work: (client: Client, signal: AbortSignal) => Promise<T>, ms = attemptMs): Promise<T> {
      const until = performance.now() + ms
      const left = () => Math.max(until - performance.now(), 1)
      await room.take(ms).catch(unknownOutcome)
      let used = held
      try {
        used = await ready(left())
        const result = await call(used, work, left())
        answered()
        return result
      } catch (error) {
        const answer = answerIn(error)
        if (!answer) {
          failed(used, error)
          return unknownOutcome(error)
        }
        answered()
        throw answer === 'denied' ? refusal(answer, error) : error
      } finally {
        room.give()
      }
    },
    /** Without an end of its own: until the work is done, or the connection is made anew or closed. */
    async stay(work: (client: Client, signal: AbortSignal) => Promise<void>): Promise<void> {
      const used = await ready(attemptMs)
      try {
        await call(used, work, Number.POSITIVE_INFINITY)
      } catch (error) {
        failed(used, error)
        throw error
      }
    },
    async close(): Promise<void> {
      await renewing
      await leave(held)
    },
  }
}

/** Jittered: nodes that lost the server together do not come back together. */
const backoff = (failures: number): number =>
  Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2)
