import { z } from 'zod'
import { plainText } from '#domain/kernel/schema.ts'
import { type Entry, sortKey } from '#projections/family-timeline/entry.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { revealAt } from '#src/access/at.ts'
import { asOf, positionAsOf } from './as-of.ts'
import { notFound, principalOf, type Shop } from './context.ts'
import { type ReadRoute, readRoute } from './routes.ts'

const Question = z.strictObject({
  staff: plainText(64).describe('Whose eyes: a staff id.'),
  asOf: asOf().describe('A position, or a time.'),
})

/** R-ACC-5: what a colleague was shown then, and by which rule. The words themselves are not the auditor's. */
export const asSeenRoute = (shop: Shop): ReadRoute =>
  readRoute({
    path: '/v1/audit/families/{id}/as-seen',
    operationId: 'AuditAsSeen',
    summary:
      'Which entries somebody could see at a moment, under the roles, consents and protection of that moment, each with the rule.',
    by: ['auditor'],
    query: Question.required({ asOf: true }),
    answer: { type: 'object', properties: { entries: { type: 'array' } } },
    async handle({ params, query: { staff, asOf: moment } }, request, reply) {
      const familyId = (params.id ?? '').toLowerCase()
      if (moment === undefined || !(await shop.relation.mayRead(principalOf(request), familyId)))
        return notFound(request, reply)
      const { system } = shop
      const position = BigInt(await positionAsOf(system.store, moment))
      const time = /^\d+$/.test(moment) ? await recordedAt(shop, position) : new Date(moment).toISOString()
      const reveal = await revealAt(system, staff, familyId, { position, time })
      if (!reveal) return notFound(request, reply)
      const known = Number(position)
      const own = await shop.reveal(principalOf(request), familyId)
      const entries = system.views
        .reader(familyTimeline)
        .list({
          where: { family: familyId, knownFrom: { lte: known }, knownUntil: { gt: known }, historical: 0 },
        })
        // Of what the auditor may not know of there is no trail either, but for R-ACC-2: who saw a hidden visit is the question.
        .filter((entry) => own.hasEntry(entry) || own.explain(entry).ruleId === 'R-ACC-2')
        .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
      return { familyId, staff, asOf: moment, position: String(position), entries: entries.map(explained) }

      function explained(entry: Entry) {
        const { effect, ruleId, redacted } = (reveal as NonNullable<typeof reveal>).explain(entry)
        const { eventId, type, stream, occurredOn, recordedAt: at } = entry
        if (!own.hasEntry(entry)) return { type, effect, rule: ruleId, redacted }
        return { eventId, type, stream, occurredOn, recordedAt: at, effect, rule: ruleId, redacted }
      }
    },
  })

const recordedAt = async ({ system: { store, now } }: Shop, position: bigint): Promise<string> =>
  (await store.after(position - 1n, 1)).at(0)?.recordedAt ?? now()
