import { z } from 'zod'
import { cellFor } from '#domain/access/grid.ts'
import { hubRoles, type Role, wardRoles } from '#domain/kernel/metadata.ts'
import { given } from '#domain/kernel/values.ts'
import { FeedFilter } from '#domain/subscription/filter.ts'
import { type FeedRow, referralFeed } from '#projections/referral-feed.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { cloudEvent } from '#src/feed/published.ts'
import { BEGINNING, type FeedPage, readFeed, type Told } from '#src/feed/read.ts'
import { feedOf } from '#src/feed/whose.ts'
import { principalOf, type Shop } from './context.ts'
import { badCursor, nextLink } from './cursor.ts'
import { decodePlace, encodePlace } from './feed-cursor.ts'
import { fieldErrors, refusedIdentity, sendProblem } from './problem.ts'
import { type ReadRoute, readRoute } from './routes.ts'

const MAX_WAIT_S = 30

const listed = (what: string) =>
  z
    .string()
    .max(4_000)
    .transform((list) => list.split(','))
    .optional()
    .describe(`${what} Separated by commas.`)

const FeedQuery = z.strictObject({
  after: z
    .string()
    .max(200)
    .optional()
    .describe('Cursor of the last event taken; from the beginning when absent.'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  wait: z.coerce.number().min(0).max(MAX_WAIT_S).default(0).describe('Seconds to wait for the first event.'),
  types: listed('Only these types.'),
  wards: listed('Either end of the referral is in one of these.'),
  organizations: listed('Either end of the referral is one of these.'),
  directions: listed('Only these directions.'),
})

/** What fits has numbers of its own, without a hole, counted from the beginning; its cursors are for it alone. */
const filterIn = (query: z.output<typeof FeedQuery>) => {
  const { types, wards, organizations, directions } = query
  return FeedFilter.safeParse(given({ types, wards, organizations, directions }))
}

/** Whom the table gives envelopes to, whoever wrote them: a feed that left some out would have holes. */
const readers: readonly Role[] = ['integration' as const, ...hubRoles, ...wardRoles].filter((role) => {
  const { read } = cellFor('referralEnvelope', role)
  return read !== undefined && read.when !== 'recordedBy'
})

/** The pull feed (API 3, dossier 2.12): in log order, one dense sequence for each subscriber, no personal data. */
export const feedRoute = (shop: Shop): ReadRoute =>
  readRoute({
    path: '/v1/feeds/referrals',
    operationId: 'ReadReferralFeed',
    summary: 'Referral events of the caller’s organisation as CloudEvents, without a hole in `sequence`.',
    by: readers,
    query: FeedQuery,
    answer: {
      type: 'object',
      required: ['events', 'cursor'],
      properties: {
        events: { type: 'array', items: { type: 'object' } },
        cursor: { type: 'string' },
        more: { type: 'boolean' },
      },
    },
    async handle({ query }, request, reply) {
      const principal = principalOf(request)
      if (principal.scopes?.includes('events:read') === false)
        return sendProblem(request, reply, { status: 403, code: 'access/scope-missing' })
      const filter = filterIn(query)
      if (!filter.success)
        return sendProblem(request, reply, {
          status: 400,
          code: 'request/invalid',
          errors: fieldErrors(filter.error.issues),
        })
      const { after, limit, wait } = query
      const { views } = shop.system
      const of = { feed: feedOf(views, principal.organizationId), filter: filter.data }
      const place = after === undefined ? BEGINNING : decodePlace(of, after)
      if (!place)
        return sendProblem(request, reply, {
          ...badCursor,
          errors: [{ ...badCursor.errors[0], pointer: '/after' }],
        })
      const page = await pageAfter(
        shop,
        { ...of, after: place, limit },
        wait * 1_000,
        () => reply.raw.destroyed,
      )
      // A key may have been revoked, a role changed, while it waited.
      const now = await shop.identify(request.headers.authorization)
      if (typeof now === 'string') return sendProblem(request, reply, refusedIdentity[now])
      if (!readers.includes(now.role) || feedOf(views, now.organizationId) !== of.feed)
        return sendProblem(request, reply, { status: 403, code: 'access/role-not-allowed' })
      const cursor = encodePlace(of, page.place)
      reply.header('Link', nextLink(request.url, 'after', cursor))
      return { events: await eventsFor(shop, now, page.told), cursor, more: page.more }
    },
  })

/** R-ACC-3 comes before a sequence without holes, R-ACC-2 before who got a letter; programs have neither conflicts nor holes. */
const eventsFor = async (shop: Shop, principal: Principal, told: readonly Told[]) => {
  const isPerson = principal.role !== 'integration'
  const events = []
  for (const { row, place } of told) {
    if (isInConflict(principal, row.familyId)) continue
    const isHidden = isPerson && (await shop.hidesWhereabouts(principal, row.familyId))
    const family = shop.familyReference(principal.staffId, row.familyId)
    events.push(cloudEvent(isHidden ? ownEndOnly(row, principal) : row, place.sequence, family))
  }
  return events
}

const ownEndOnly = (row: FeedRow, { organizationId }: Principal): FeedRow => ({
  ...row,
  from: row.from === organizationId ? row.from : '',
  to: row.to === organizationId ? row.to : undefined,
})

const LOOK_AGAIN_MS = 1_000

const pageAfter = async (
  { system: { views, projector }, isClosing }: Shop,
  asked: Parameters<typeof readFeed>[1],
  waitMs: number,
  isGone: () => boolean,
): Promise<FeedPage> => {
  const until = Date.now() + waitMs
  for (let { after } = asked; ; ) {
    const position = views.checkpoint(referralFeed.name)
    const page = readFeed(views, { ...asked, after })
    const left = until - Date.now()
    if (page.told.length > 0 || left <= 0 || isGone() || isClosing()) return page
    after = page.place
    if (!page.more) await projector.reached(position + 1n, Math.min(left, LOOK_AGAIN_MS))
  }
}
