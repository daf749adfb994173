import { z } from 'zod'
import { openItems } from '#projections/open-items.ts'
import { retentionDates } from '#projections/retention.ts'
import { isInConflict } from '#src/access/principal.ts'
import { notFound, notTheirFamily, principalOf, type Shop } from './context.ts'
import { sendProblem } from './problem.ts'
import { type ReadRoute, readRoute } from './routes.ts'

const READERS = ['hubDirector', 'wardManager', 'auditor'] as const
const LONGEST_LIST = 500

export const erasureRoutes = (shop: Shop): readonly ReadRoute[] => [
  readRoute({
    path: '/v1/families/{id}/erasure-certificate',
    operationId: 'ReadErasureCertificate',
    summary: 'What was erased, when, by whose decision, and what that does not reach.',
    by: READERS,
    query: z.strictObject({}),
    answer: { type: 'object' },
    async handle({ params }, request, reply) {
      const familyId = (params.id ?? '').toLowerCase()
      if (!(await shop.relation.mayRead(principalOf(request), familyId)))
        return notTheirFamily(shop, request, reply, familyId)
      const { store, keyring } = shop.system
      const decided = (await store.read(`retention-${familyId}`)).find(
        ({ type }) => type === 'PersonalDataErased',
      )
      if (!decided) return notFound(request, reply)
      const destroyed = keyring.destroyed(familyId)
      if (!destroyed)
        return sendProblem(request, reply, { status: 503, code: 'service/behind', retryAfter: 1 })
      const { actor, occurredOn } = decided.metadata
      return {
        familyId,
        decided: {
          on: occurredOn,
          recordedAt: decided.recordedAt,
          by: { role: actor.role, organization: actor.organizationId, staffId: actor.staffId },
          ...decided.data,
          eventId: decided.id,
          position: String(decided.position),
        },
        keysDestroyedAt: destroyed.at,
        erased:
          'Every personal text and date of this family and its people: names, contacts, birth dates, what was said and written, in the log, in all views and in every copy of them.',
        remains:
          'That something happened: types, times, organisations, staff ids, codes and ids that mean nobody any more. Counts do not change.',
        notReached:
          'Backups of the key file made before, until they are deleted (docs/keys.md); paper; what was handed to others and is theirs.',
      }
    },
  }),
  readRoute({
    path: '/v1/retention/due',
    operationId: 'ListErasureProposals',
    summary:
      'Families of the caller’s organisation whose data has been kept long enough: to be erased, postponed or held.',
    by: ['hubDirector', 'wardManager'],
    query: z.strictObject({}),
    answer: { type: 'object', properties: { proposals: { type: 'array' } } },
    async handle(_, request) {
      const principal = principalOf(request)
      const { organizationId } = principal
      const { views } = shop.system
      const due = views
        .reader(retentionDates)
        .list({ where: { state: 'proposed' }, orderBy: [['keepUntil', 'asc']], limit: LONGEST_LIST })
        .filter(
          ({ familyId, holders }) => holders.includes(organizationId) && !isInConflict(principal, familyId),
        )
      const proposals = await Promise.all(
        due.map(async ({ familyId, keepUntil, decidedByClass, holders }) => {
          const isHidden = await shop.hidesWhereabouts(principal, familyId)
          return {
            familyId,
            keepUntil,
            decidedByClass,
            // Where else a household in hiding is known is where it went (R-ACC-2).
            holders: isHidden ? [organizationId] : holders,
            open: views.reader(openItems).count({ where: { family: familyId } }),
          }
        }),
      )
      return { proposals }
    },
  }),
]
