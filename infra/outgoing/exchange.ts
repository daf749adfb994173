import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { destinationIn } from '#infra/outgoing/destination.ts'
import { dialWith } from '#infra/outgoing/dial.ts'
import { ExchangeFailure, type FailureCode, failureIn } from '#infra/outgoing/failure.ts'
import { judgedLookup } from '#infra/outgoing/lookup.ts'
import { retryAfterIn } from '#infra/outgoing/retry-after.ts'

export type Message = {
  /** As `destinationIn` allows. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** `ms`: from the call to the end of the exchange. */
export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** How long to wait before writing again, a day at most. */
      readonly retryAfterMs?: number
      readonly ms: number
    }
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly ms: number }

export type Exchange = {
  /** Posts it once. Answers a value, whatever happens; never throws. */
  send(message: Message): Promise<Answer>
  /** At once: what is on its way fails as `closed`, and whatever is sent later. */
  close(): Promise<void>
}

export type ExchangeOptions = {
  /** Dev mode: `localhost`, `127.0.0.0/8` and `::1` may be written to as well, by http too. */
  readonly loopback: boolean
  /** Other than the system's in tests only: one that lies. */
  readonly lookup?: LookupFunction
  /** For all of an exchange: waiting for a connection, connecting, sending, the answer to its last byte. */
  readonly deadlineMs?: number
  readonly connectMs?: number
  /** How much of a response body is read, and thrown away, to keep the connection. */
  readonly mostBytes?: number
}

const CONNECTIONS_PER_ORIGIN = 16
const MOST_HEADER_BYTES = 16_384
const IDLE_MS = 4_000
/** Also when the receiver offers more. */
const LONGEST_IDLE_MS = 10_000

/**
 * Posts to receivers that others chose, and that may be broken or hostile. None of them turns it against our own network: every URL
 * is judged when it is sent to, every address when it is connected to, and redirects are answers like any other, not followed. A
 * connection that is kept alive is not judged again: it stays where it led when it was made.
 *
 * **The status is the answer.** Once it is there nothing that follows changes it: a body that never ends, drips or breaks off after a
 * 200 is a 200. What ended is over: no socket works on behind it. So an exchange takes a connection for `deadlineMs` at the most, and a
 * body that drips takes as long as that.
 *
 * Hazard: a receiver that answers slowly makes what is sent to the same origin wait for one of its connections, on each one's own
 * deadline. How much may wait is the caller's to bound.
 */
export const openExchange = (options: ExchangeOptions): Exchange => {
  const {
    loopback,
    lookup = systemLookup,
    deadlineMs = 15_000,
    connectMs = 5_000,
    mostBytes = 65_536,
  } = options
  const { dial, hangUp } = dialWith(judgedLookup(lookup, { loopback }), connectMs)
  const agent = new Agent({
    connect: dial,
    connections: CONNECTIONS_PER_ORIGIN,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: LONGEST_IDLE_MS,
    maxHeaderSize: MOST_HEADER_BYTES,
    // The deadline is for all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return {
    send({ url, headers, body }) {
      const since = performance.now()
      const destination = destinationIn(url, { loopback })
      if ('problem' in destination) return Promise.resolve(failed('blocked', since))
      const { origin, pathname, search } = destination.url
      const request = { origin, path: pathname + search, method: 'POST', headers, body } as const
      return exchanged(agent, request, { since, deadlineMs, mostBytes })
    },
    async close() {
      hangUp()
      await agent.destroy(new ExchangeFailure('closed'))
    },
  }
}

type Limits = { readonly since: number; readonly deadlineMs: number; readonly mostBytes: number }

const exchanged = (agent: Agent, request: Dispatcher.DispatchOptions, limits: Limits): Promise<Answer> =>
  new Promise((resolve) => {
    const { since, deadlineMs, mostBytes } = limits
    let controller: Dispatcher.DispatchController | undefined
    let head: Head | undefined
    let bytes = 0
    let isOver = false
    const end = (code: FailureCode) => {
      if (isOver) return
      isOver = true
      clearTimeout(alarm)
      resolve(head === undefined ? failed(code, since) : { kind: 'answered', ...head, ms: msSince(since) })
    }
    const breakOff = (code: FailureCode) => {
      end(code)
      controller?.abort(new ExchangeFailure(code))
    }
    const alarm = setTimeout(breakOff, deadlineMs, 'timeout')
    agent.dispatch(request, {
      onRequestStart(started) {
        // Its deadline passed while it waited. Thrown, it costs nothing; aborted, the connection.
        if (isOver) throw new ExchangeFailure('timeout')
        controller = started
      },
      onResponseStart(_, status, headers) {
        if (status >= 200) head = headOf(status, headers['retry-after'])
      },
      onResponseData(_, chunk) {
        bytes += chunk.length
        if (bytes > mostBytes) breakOff('protocol')
      },
      onResponseEnd: () => end('protocol'),
      onResponseError: (_, error) => end(failureIn(error)),
    })
  })

type Head = { readonly status: number; readonly retryAfterMs?: number }

const headOf = (status: number, retryAfter: string | string[] | undefined): Head => {
  const retryAfterMs = typeof retryAfter === 'string' ? retryAfterIn(retryAfter, Date.now()) : undefined
  return retryAfterMs === undefined ? { status } : { status, retryAfterMs }
}

const failed = (code: FailureCode, since: number): Answer => ({ kind: 'failed', code, ms: msSince(since) })

const msSince = (since: number): number => Math.round(performance.now() - since)
