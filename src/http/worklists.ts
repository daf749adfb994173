import { z } from 'zod'
import type { Query } from '#domain/kernel/projection.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { hubAndWard } from '#domain/roles.ts'
import { breakGlassUses } from '#projections/break-glass.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { type OpenItem, openItems } from '#projections/open-items.ts'
import { type ReferralRow, referrals } from '#projections/referrals.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { isListed, isReferralListed } from '#src/access/reveal.ts'
import { notFound, principalOf, type Shop } from './context.ts'
import { badCursor, decodeCursor, encodeCursor, nextLink } from './cursor.ts'
import { sendProblem } from './problem.ts'
import { type ReadRoute, readRoute } from './routes.ts'

type Place = readonly (string | number)[]
type Rows = readonly { readonly familyId?: string; readonly [field: string]: unknown }[]

/** What an organisation has before it: each list by what presses first. */
const worklists = (organization: string, now: string) => {
  const items = (where: NonNullable<Query['where']>, shown: (item: OpenItem) => boolean = () => true) => ({
    view: openItems,
    where,
    orderBy: [
      ['openedOn', 'asc'],
      ['stream', 'asc'],
    ] as const,
    place: ({ openedOn, stream }: OpenItem): Place => [openedOn, stream],
    shown,
  })
  return {
    'consultations-open': items({ owner: organization, kind: 'consultation' }),
    'care-unmatched': items({ owner: organization, kind: 'careRequest' }),
    'notices-unshared': items({ owner: organization, kind: 'notice' }),
    overdue: items(
      { owner: organization, due: { lte: now } },
      ({ due }) => due !== undefined && isPast(due, now),
    ),
  }
}

/** A day is over when the next has begun in Japan; an instant when it has passed. */
const isPast = (due: string, now: string): boolean => (due.length === 10 ? due < japanDate(now) : due < now)

const Paging = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(1_000).optional(),
  open: z.enum(['true', 'false']).default('true'),
})

export const worklistRoute = (shop: Shop): ReadRoute =>
  readRoute({
    path: '/v1/worklists/{name}',
    operationId: 'ReadWorklist',
    summary:
      'referrals-in, referrals-out, overdue, consultations-open, care-unmatched, notices-unshared, break-glass: of the caller’s organisation.',
    by: hubAndWard,
    query: Paging,
    answer: { type: 'object', properties: { items: { type: 'array' }, next: { type: 'string' } } },
    handle({ query, params }, request, reply) {
      const principal = principalOf(request)
      const { organizationId } = principal
      const name = params.name ?? ''
      const { cursor, limit, open } = query
      const question = [name, organizationId, open]
      const place = cursor === undefined ? undefined : decodeCursor(question, cursor)
      if (cursor !== undefined && place?.length !== 2) return sendProblem(request, reply, badCursor)

      if (name === 'break-glass') return { name, items: toldOf(shop, principal) }
      const found = name.startsWith('referrals-')
        ? referralList(shop, name, principal, open === 'true', place, limit)
        : itemList(shop, name, principal, place, limit)
      if (!found) return notFound(request, reply)
      const next = found.last && encodeCursor(question, found.last)
      if (next) reply.header('Link', nextLink(request.url, 'cursor', next))
      const items = found.rows.filter(({ familyId }) => !isInConflict(principal, familyId))
      return { name, items, ...(next && { next }) }
    },
  })

/** Whose breaking of the glass this person was told of, or has to answer for, until an auditor has asked (R-ACC-4). */
const toldOf = ({ system: { views } }: Shop, principal: Principal) => {
  const reader = views.reader(breakGlassUses)
  const isManager = principal.role === 'hubDirector' || principal.role === 'wardManager'
  const ours = isManager
    ? reader.list({ where: { organization: principal.organizationId, reviewed: 0 } })
    : []
  const told = reader.list({ where: { second: principal.staffId, reviewed: 0 } })
  return [...new Map([...ours, ...told].map((use) => [use.id, use])).values()].filter(
    ({ familyId }) => !isInConflict(principal, familyId),
  )
}

type Found = { readonly rows: Rows; readonly last: Place | undefined }

const referralList = (
  { system: { views } }: Shop,
  name: string,
  principal: Principal,
  open: boolean,
  place: Place | undefined,
  limit: number,
): Found | undefined => {
  const side = { 'referrals-in': 'to', 'referrals-out': 'from' }[name]
  if (!side) return undefined
  const rows = views.reader(referrals).list({
    where: { [side]: principal.organizationId, ...(open && { open: 1 }) },
    orderBy: [
      ['sentOn', 'asc'],
      ['referralId', 'asc'],
    ],
    ...(place && { startAfter: place }),
    limit: limit + 1,
  })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const timeline = views.reader(familyTimeline)
  const openedBy = ({ referralId }: ReferralRow) => timeline.get(`referral-${referralId}@1`)?.actor.staffId
  return {
    rows: page.filter((row) => isReferralListed(principal, row, openedBy(row))),
    last: rows.length > limit && last ? [last.sentOn, last.referralId] : undefined,
  }
}

const itemList = (
  shop: Shop,
  name: string,
  principal: Principal,
  place: Place | undefined,
  limit: number,
): Found | undefined => {
  const lists = worklists(principal.organizationId, shop.system.now())
  const list = Object.hasOwn(lists, name) ? lists[name as keyof typeof lists] : undefined
  if (!list) return undefined
  const rows = shop.system.views.reader(list.view).list({
    where: list.where,
    orderBy: list.orderBy,
    ...(place && { startAfter: place }),
    limit: limit + 1,
  })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    rows: page
      .filter((item) => list.shown(item) && isListed(principal, item))
      .map(({ opener: _, receiver: __, ...item }) => item),
    last: rows.length > limit && last ? list.place(last) : undefined,
  }
}
