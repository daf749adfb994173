import { z } from 'zod'
import { ReferralCloudEvent } from '#src/feed/published.ts'
import { pageWithin } from '#src/feed/wait.ts'
import type { Shop } from '../context.ts'
import { nextLink } from '../cursor.ts'
import { sendProblem } from '../problem.ts'
import { type ReadRoute, readRoute } from '../routes.ts'
import { askedIn, filterShape, placeShape, readers, stillReading } from './asked.ts'
import { encodePlace } from './cursor.ts'
import { eventsFor } from './told.ts'

const MAX_WAIT_S = 30

export const FeedQuery = z.strictObject({
  ...placeShape,
  limit: z.coerce.number().int().min(1).max(500).default(100),
  wait: z.coerce.number().min(0).max(MAX_WAIT_S).default(0).describe('Seconds to wait for the first event.'),
  ...filterShape,
})

const { $schema: _, ...eventSchema } = z.toJSONSchema(ReferralCloudEvent, {
  io: 'input',
  unrepresentable: 'any',
})

/** The pull feed (API 3, dossier 2.12): in log order, one dense sequence for each subscriber, no personal data. */
export const feedRoute = (shop: Shop): ReadRoute => {
  const asking = askedIn(shop)
  return readRoute({
    path: '/v1/feeds/referrals',
    operationId: 'ReadReferralFeed',
    summary: 'Referral events of the caller’s organisation as CloudEvents, without a hole in `sequence`.',
    by: readers,
    query: FeedQuery,
    alsoAnswers: { 410: 'What came after that cursor is no longer kept; `oldest` is where it begins now.' },
    answer: {
      type: 'object',
      required: ['events', 'cursor', 'more'],
      properties: {
        events: { type: 'array', items: eventSchema },
        cursor: { type: 'string', description: 'Where the next page begins.' },
        more: { type: 'boolean', description: 'Whether there may be more at once.' },
      },
    },
    async handle({ query }, request, reply) {
      const asked = await asking(query, request, reply)
      if (!asked) return reply
      const isOver = () => reply.raw.destroyed || shop.isClosing()
      const question = { ...asked, limit: query.limit }
      const page = await pageWithin(shop.system, question, query.wait * 1_000, isOver)
      const now = await stillReading(shop, request, asked)
      if ('status' in now) return sendProblem(request, reply, now)
      const cursor = encodePlace(asked, page.place)
      reply.header('Link', nextLink(request.url, 'after', cursor))
      const told = await eventsFor(shop, now, page.told)
      return { events: told.map(({ event }) => event), cursor, more: page.more }
    },
  })
}
