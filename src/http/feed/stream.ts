import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { pageWithin } from '#src/feed/wait.ts'
import { principalOf, type Shop } from '../context.ts'
import { sendProblem } from '../problem.ts'
import { type ReadRoute, readRoute } from '../routes.ts'
import { type Asked, askedIn, filterShape, placeShape, readers, stillReading } from './asked.ts'
import { encodePlace } from './cursor.ts'
import { eventsFor } from './told.ts'

export type StreamTimes = {
  readonly heartbeatMs: number
  /** How long somebody may take nothing of what is there for them. */
  readonly stalledMs: number
}
const TIMES: StreamTimes = { heartbeatMs: 15_000, stalledMs: 30_000 }

const RECONNECT_MS = 2_000
/** How long until a key that was revoked is noticed where nothing happens. */
const LOOK_AGAIN_MS = 1_000
/** Few at a time: this is all that is held for one connection. */
const PAGE = 50
const MOST_STREAMS = 8

export const StreamQuery = z.strictObject({ ...placeShape, ...filterShape })

/**
 * The feed as Server-Sent Events. The next page is read when the one before has gone, so that a slow reader costs one page; one that
 * takes nothing is cut off, and comes again with `Last-Event-ID`.
 */
export const feedStreamRoute = (shop: Shop, times = TIMES): ReadRoute => {
  const asking = askedIn(shop)
  const open = new Map<string, number>()
  const count = (staffId: string, by: 1 | -1): void => {
    const now = (open.get(staffId) ?? 0) + by
    if (now === 0) open.delete(staffId)
    else open.set(staffId, now)
  }
  return readRoute({
    path: '/v1/feeds/referrals/stream',
    operationId: 'StreamReferralFeed',
    summary:
      'The same feed as Server-Sent Events; `id` is the cursor, and `Last-Event-ID` goes before `after`.',
    by: readers,
    query: StreamQuery,
    produces: 'text/event-stream',
    alsoAnswers: {
      410: 'What came after that cursor is no longer kept; `oldest` is where it begins now.',
      429: `${MOST_STREAMS} streams of this caller are open here already.`,
    },
    answer: {
      type: 'string',
      description:
        'Each event’s `data` is a CloudEvent. An event `end` says why there are no more on this connection.',
    },
    async handle({ query }, request, reply) {
      const { staffId } = principalOf(request)
      const last = request.headers['last-event-id']
      const asked = await asking(
        typeof last === 'string' && last !== '' ? { ...query, after: last } : query,
        request,
        reply,
      )
      // Gone again while that was looked up: nobody would say so later.
      if (!asked || reply.raw.destroyed) return reply
      if ((open.get(staffId) ?? 0) >= MOST_STREAMS)
        return sendProblem(request, reply, { status: 429, code: 'feed/too-many-streams', retryAfter: 5 })
      count(staffId, 1)
      reply.raw.once('close', () => count(staffId, -1))
      reply.header('X-Accel-Buffering', 'no').type('text/event-stream; charset=utf-8')
      return reply.send(streaming(shop, asked, request, reply, times))
    },
  })
}

const streaming = (
  shop: Shop,
  asked: Asked,
  request: FastifyRequest,
  { raw }: FastifyReply,
  times: StreamTimes,
): Readable => {
  let heldSince: number | undefined
  const lines = linesOf(shop, asked, request, () => raw.destroyed, times)
  const pulled = async function* () {
    for await (const line of lines) {
      heldSince = performance.now()
      yield line
      heldSince = undefined
    }
  }
  const cutOff = setInterval(() => {
    if (heldSince === undefined) return
    if (shop.isClosing() || performance.now() - heldSince > times.stalledMs) raw.destroy()
  }, LOOK_AGAIN_MS).unref()
  raw.once('close', () => clearInterval(cutOff))
  return Readable.from(pulled(), { highWaterMark: 1 })
}

async function* linesOf(
  shop: Shop,
  asked: Asked,
  request: FastifyRequest,
  isGone: () => boolean,
  { heartbeatMs }: StreamTimes,
): AsyncGenerator<string> {
  yield `retry: ${RECONNECT_MS}\n\n`
  let said = performance.now()
  for (let { after } = asked; !isGone(); ) {
    const isOver = () => isGone() || shop.isClosing()
    const page = await pageWithin(shop.system, { ...asked, after, limit: PAGE }, LOOK_AGAIN_MS, isOver)
    if (shop.isClosing()) return yield ending('service/closing')
    const now = await stillReading(shop, request, asked)
    if ('status' in now) return yield ending(now.code)
    after = page.place
    const events = await eventsFor(shop, now, page.told)
    const isDue = performance.now() - said >= heartbeatMs
    if (events.length === 0 && !isDue) continue
    yield events.length === 0
      ? heartbeat(encodePlace(asked, after))
      : events.map(({ event, place }) => message(encodePlace(asked, place), event)).join('')
    said = performance.now()
  }
}

const message = (cursor: string, event: object): string => `id: ${cursor}\ndata: ${JSON.stringify(event)}\n\n`

/** Without data it is no event, and still moves `Last-Event-ID` over what did not fit. */
const heartbeat = (cursor: string): string => `: still here\nid: ${cursor}\n\n`

const ending = (code: string): string => `event: end\ndata: ${JSON.stringify({ code })}\n\n`
