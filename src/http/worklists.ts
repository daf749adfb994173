import { z } from 'zod'
import type { Query } from '#domain/kernel/projection.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { hubAndWard } from '#domain/roles.ts'
import { breakGlassUses } from '#projections/break-glass.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { isOwedToNobody, type OpenItem, openItems } from '#projections/open-items.ts'
import { type ReferralRow, referrals } from '#projections/referrals.ts'
import { effectOnItem, effectOnReferral, SHOWN, shownItem } from '#src/access/listed.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { notFound, principalOf, type Shop } from './context.ts'
import { badCursor, decodeCursor, encodeCursor, nextLink } from './cursor.ts'
import { sendProblem } from './problem.ts'
import { type ReadRoute, readRoute } from './routes.ts'

type Place = readonly (string | number)[]

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
    async handle({ query, params }, request, reply) {
      const principal = principalOf(request)
      const name = params.name ?? ''
      const { cursor, limit, open } = query
      const question = [name, principal.organizationId, open]
      const place = cursor === undefined ? undefined : decodeCursor(question, cursor)
      if (cursor !== undefined && place?.length !== 2) return sendProblem(request, reply, badCursor)

      if (name === 'break-glass') return { name, items: toldOf(shop, principal) }
      const list = name.startsWith('referrals-')
        ? letterList(shop, principal, name, open === 'true')
        : itemList(shop, principal, name)
      if (!list) return notFound(request, reply)
      const { items, last } = await pageOf(list, place, limit)
      const next = last && encodeCursor(question, last)
      if (next) reply.header('Link', nextLink(request.url, 'cursor', next))
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
    ({ familyId }) => !isInConflict(principal, familyId) && !isOwedToNobody(views, familyId),
  )
}

/** Rows in order from a place on, each with what of it this reader may see; nothing where it is nothing. */
type List = {
  rowsAfter(place: Place | undefined, limit: number): readonly Row[]
}
type Row = { readonly place: Place; shown(): Promise<object | undefined> }

/** Reads until the page is full of what may be seen: what may not be seen leaves neither a hole nor a cursor behind. */
const pageOf = async (
  list: List,
  from: Place | undefined,
  limit: number,
): Promise<{ readonly items: readonly object[]; readonly last: Place | undefined }> => {
  const items: object[] = []
  let lastShown: Place | undefined
  let startAfter = from
  for (;;) {
    const rows = list.rowsAfter(startAfter, limit + 1)
    for (const { place, shown } of rows) {
      const item = await shown()
      if (!item) continue
      if (items.length === limit) return { items, last: lastShown }
      items.push(item)
      lastShown = place
    }
    if (rows.length <= limit) return { items, last: undefined }
    startAfter = rows.at(-1)?.place
  }
}

const isHidden = (shop: Shop, principal: Principal, familyId: string | undefined): Promise<boolean> =>
  familyId === undefined ? Promise.resolve(false) : shop.hidesWhereabouts(principal, familyId)

const letterList = (shop: Shop, principal: Principal, name: string, open: boolean): List | undefined => {
  const side = { 'referrals-in': 'to', 'referrals-out': 'from' }[name]
  if (!side) return undefined
  const { views } = shop.system
  const timeline = views.reader(familyTimeline)
  const openedBy = ({ referralId }: ReferralRow) => timeline.get(`referral-${referralId}@1`)?.actor.staffId
  const shown = async (row: ReferralRow) => {
    if (open && isOwedToNobody(views, row.familyId)) return undefined
    if (!SHOWN.has(effectOnReferral(principal, row, openedBy(row)))) return undefined
    return (await isHidden(shop, principal, row.familyId)) ? withoutReceiver(row) : row
  }
  return {
    rowsAfter: (place, limit) =>
      views
        .reader(referrals)
        .list({
          where: { [side]: principal.organizationId, ...(open && { open: 1 }) },
          orderBy: [
            ['sentOn', 'asc'],
            ['referralId', 'asc'],
          ],
          ...(place && { startAfter: place }),
          limit,
        })
        .map((row) => ({ place: [row.sentOn, row.referralId], shown: () => shown(row) })),
  }
}

/** Where a household in hiding is looked after is where it went (R-ACC-2). */
const withoutReceiver = ({ to: _, desk: __, assignee: ___, destinationKind: ____, ...row }: ReferralRow) =>
  row

const itemList = (shop: Shop, principal: Principal, name: string): List | undefined => {
  const lists = worklists(principal.organizationId, shop.system.now())
  const list = Object.hasOwn(lists, name) ? lists[name as keyof typeof lists] : undefined
  if (!list) return undefined
  const shown = async (row: OpenItem) => {
    if (!list.shown(row)) return undefined
    const hidden = await isHidden(shop, principal, row.familyId)
    return shownItem(row, principal, effectOnItem(principal, row), hidden)
  }
  return {
    rowsAfter: (place, limit) =>
      shop.system.views
        .reader(list.view)
        .list({
          where: list.where,
          orderBy: list.orderBy,
          ...(place && { startAfter: place }),
          limit,
        })
        .map((row) => ({ place: list.place(row), shown: () => shown(row) })),
  }
}
