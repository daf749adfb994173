import { z } from 'zod'
import { japanDate } from '#domain/kernel/time.ts'
import { type AccessRow, accessLog } from '#projections/access-log.ts'
import { breakGlassUses } from '#projections/break-glass.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { notTheirFamily, principalOf, type Shop } from './context.ts'
import { badCursor, decodeCursor, encodeCursor, nextLink } from './cursor.ts'
import { sendProblem } from './problem.ts'
import { type ReadRoute, readRoute } from './routes.ts'

const READERS = ['auditor', 'hubDirector', 'wardManager'] as const

const Paging = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(1_000).optional(),
})

/** Who has looked. Reading this is not written down again: it shows nothing of what stands in a family's file. */
export const accessLogRoutes = (shop: Shop): readonly ReadRoute[] => [
  readRoute({
    path: '/v1/families/{id}/access-log',
    operationId: 'ReadAccessLog',
    summary: 'Who looked at this family’s records, newest first: auditors all, managers what was their own.',
    by: READERS,
    query: Paging,
    answer: { type: 'object', properties: { views: { type: 'array' }, next: { type: 'string' } } },
    async handle({ params, query: { limit, cursor } }, request, reply) {
      const familyId = (params.id ?? '').toLowerCase()
      const principal = principalOf(request)
      if (!(await shop.relation.mayRead(principal, familyId)))
        return notTheirFamily(shop, request, reply, familyId)
      const place = cursor === undefined ? undefined : decodeCursor([familyId], cursor)
      if (cursor !== undefined && place?.length !== 2) return sendProblem(request, reply, badCursor)
      const rows = rowsFor(shop, principal, familyId, {
        limit: limit + 1,
        ...(place && { startAfter: place }),
      })
      const shown = rows.slice(0, limit)
      const isHidden = await shop.hidesWhereabouts(principal, familyId)
      const views = isHidden ? shown.map((row) => withoutOthers(row, principal)) : shown
      const last = shown.at(-1)
      const next =
        rows.length > limit && last
          ? encodeCursor([familyId], [Number(last.position), last.holder])
          : undefined
      if (next) reply.header('Link', nextLink(request.url, 'cursor', next))
      return { familyId, views, ...(next && { next }) }
    },
  }),
  readRoute({
    path: '/v1/families/{id}/access-log/summary',
    operationId: 'SummarizeAccessLog',
    summary:
      'For the person who asks who has looked (dossier 4.7): by month, organisation, role and purpose.',
    by: READERS,
    query: z.strictObject({}),
    answer: { type: 'object', properties: { months: { type: 'array' } } },
    async handle({ params }, request, reply) {
      const familyId = (params.id ?? '').toLowerCase()
      const principal = principalOf(request)
      if (!(await shop.relation.mayRead(principal, familyId)))
        return notTheirFamily(shop, request, reply, familyId)
      const looks = rowsFor(shop, principal, familyId, {}).filter(({ outcome }) => outcome === 'shown')
      const isHidden = await shop.hidesWhereabouts(principal, familyId)
      return {
        familyId,
        months: summaryOf(isHidden ? looks.map((row) => withoutOthers(row, principal)) : looks),
      }
    },
  }),
  readRoute({
    path: '/v1/audit/break-glass',
    operationId: 'ListBreakGlass',
    summary: 'Whose glass was broken and has not been asked about, by the day on which the review is due.',
    by: ['auditor'],
    query: z.strictObject({}),
    answer: { type: 'object', properties: { uses: { type: 'array' } } },
    handle(_, request) {
      const principal = principalOf(request)
      const uses = shop.system.views
        .reader(breakGlassUses)
        .list({
          where: { reviewed: 0 },
          orderBy: [
            ['reviewDueOn', 'asc'],
            ['id', 'asc'],
          ],
        })
        .filter(({ familyId }) => !isInConflict(principal, familyId))
      return { uses }
    },
  }),
]

/** Who elsewhere looks at a household in hiding is where it went (R-ACC-2); auditors follow that up. */
const withoutOthers = (row: AccessRow, { role, organizationId }: Principal): AccessRow =>
  role === 'auditor' || row.organizationId === organizationId
    ? row
    : { ...row, organizationId: '', staffId: '', role: '' }

const rowsFor = (
  { system: { views } }: Shop,
  { role, organizationId }: Principal,
  familyId: string,
  page: { readonly limit?: number; readonly startAfter?: readonly (string | number)[] },
): readonly AccessRow[] =>
  views.reader(accessLog).list({
    where: { family: familyId, ...(role !== 'auditor' && { holder: organizationId }) },
    orderBy: [
      ['position', 'desc'],
      ['holder', 'desc'],
    ],
    ...page,
  })

/** No names of staff, and nothing of class `council`, which the person is not to learn of here (R-PRI-16). */
const summaryOf = (rows: readonly AccessRow[]) => {
  const months = new Map<
    string,
    { month: string; organization: string; role: string; purpose: string; times: number }
  >()
  const seen = new Set<string>()
  for (const { at, organizationId, role, purpose, position, classes } of rows) {
    if (classes.every((dataClass) => dataClass === 'council') || seen.has(position)) continue
    // One reading of two holders' records is one reading.
    seen.add(position)
    const month = japanDate(at).slice(0, 7)
    const key = [month, organizationId, role, purpose].join()
    const before = months.get(key) ?? { month, organization: organizationId, role, purpose, times: 0 }
    months.set(key, { ...before, times: before.times + 1 })
  }
  return [...months].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line)
}
