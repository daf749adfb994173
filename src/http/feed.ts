import { z } from 'zod'
import { cellFor } from '#domain/access/grid.ts'
import { hubRoles, type Role, wardRoles } from '#domain/kernel/metadata.ts'
import { asEnvelope, type FeedRow, referralFeed } from '#projections/referral-feed.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { cloudEvent } from '#src/feed/published.ts'
import { feedOf } from '#src/feed/whose.ts'
import { principalOf, type Shop } from './context.ts'
import { badCursor, decodeCursor, encodeCursor, nextLink } from './cursor.ts'
import { refusedIdentity, sendProblem } from './problem.ts'
import { type ReadRoute, readRoute } from './routes.ts'

const MAX_WAIT_S = 30

const FeedQuery = z.strictObject({
  after: z
    .string()
    .max(200)
    .optional()
    .describe('Cursor of the last event taken; from the beginning when absent.'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  wait: z.coerce.number().min(0).max(MAX_WAIT_S).default(0).describe('Seconds to wait for the first event.'),
})

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
    async handle({ query: { after, limit, wait } }, request, reply) {
      const principal = principalOf(request)
      if (principal.scopes?.includes('events:read') === false)
        return sendProblem(request, reply, { status: 403, code: 'access/scope-missing' })
      const organization = feedOf(shop.system.views, principal.organizationId)
      const place = after === undefined ? [0] : decodeCursor(['referrals', organization], after)
      const [taken] = place ?? []
      if (place?.length !== 1 || typeof taken !== 'number')
        return sendProblem(request, reply, {
          ...badCursor,
          errors: [{ ...badCursor.errors[0], pointer: '/after' }],
        })

      const rows = await rowsAfter(
        shop,
        organization,
        taken,
        limit,
        Date.now() + wait * 1_000,
        () => reply.raw.destroyed || shop.isClosing(),
      )
      // A key may have been revoked, a role changed, while it waited.
      const now = await shop.identify(request.headers.authorization)
      if (typeof now === 'string') return sendProblem(request, reply, refusedIdentity[now])
      if (!readers.includes(now.role) || feedOf(shop.system.views, now.organizationId) !== organization)
        return sendProblem(request, reply, { status: 403, code: 'access/role-not-allowed' })
      const last = rows.at(-1)?.sequence ?? taken
      const cursor = encodeCursor(['referrals', organization], [last])
      reply.header('Link', nextLink(request.url, 'after', cursor))
      return {
        events: await eventsFor(shop, now, rows),
        cursor,
        more: rows.length === limit,
      }
    },
  })

/** R-ACC-3 comes before a sequence without holes, R-ACC-2 before who got a letter; programs have neither conflicts nor holes. */
const eventsFor = async (shop: Shop, principal: Principal, rows: readonly FeedRow[]) => {
  const isPerson = principal.role !== 'integration'
  const events = []
  for (const row of rows) {
    if (isInConflict(principal, row.familyId)) continue
    const isHidden = isPerson && (await shop.hidesWhereabouts(principal, row.familyId))
    const family = shop.familyReference(principal.staffId, row.familyId)
    events.push(cloudEvent(isHidden ? ownEndOnly(row, principal) : row, row.sequence, family))
  }
  return events
}

const ownEndOnly = (row: FeedRow, { organizationId }: Principal): FeedRow => ({
  ...row,
  from: row.from === organizationId ? row.from : '',
  to: row.to === organizationId ? row.to : undefined,
})

const LOOK_AGAIN_MS = 1_000

const rowsAfter = async (
  { system: { views, projector } }: Shop,
  organization: string,
  sequence: number,
  limit: number,
  until: number,
  isGone: () => boolean,
): Promise<readonly FeedRow[]> => {
  for (;;) {
    const position = views.checkpoint(referralFeed.name)
    const rows = views
      .reader(referralFeed)
      .list({
        where: { organization, sequence: { gt: sequence } },
        orderBy: [['sequence', 'asc']],
        limit,
      })
      .flatMap((row) => asEnvelope(row) ?? [])
    const left = until - Date.now()
    if (rows.length > 0 || left <= 0 || isGone()) return rows
    await projector.reached(position + 1n, Math.min(left, LOOK_AGAIN_MS))
  }
}
