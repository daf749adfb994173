import { z } from 'zod'
import { decide } from '#domain/access/decide.ts'
import type { Effect } from '#domain/access/grid.ts'
import { catalogue } from '#domain/events.ts'
import type { EventSpec } from '#domain/kernel/event.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import { instant } from '#domain/kernel/schema.ts'
import { utc } from '#domain/kernel/time.ts'
import { masked, withoutPlaces } from '#src/access/fields.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { principalOf, type Shop } from './context.ts'
import { nextLink } from './cursor.ts'
import { type ReadRoute, readRoute } from './routes.ts'

/** How many events one request looks through: a filter that matches little answers a short page, and where it stopped. */
const LOOKED_AT_MOST = 20_000
const PAGE = 500

const AuditQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .default('0')
    .describe('Position of the last event seen.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  family: z.guid().toLowerCase().optional(),
  stream: z.string().max(120).optional(),
  type: z.string().max(80).optional(),
  actor: z.string().max(64).optional(),
  asOf: z
    .union([z.string().regex(/^\d{1,15}$/), instant()])
    .optional()
    .describe('Only what was recorded by then: a position, or a time.'),
})

/** Every event in log order, personal text masked: what was done, when, by whom, on what ground. */
export const auditRoute = (shop: Shop): ReadRoute =>
  readRoute({
    path: '/v1/audit/events',
    operationId: 'AuditEvents',
    summary: 'The log itself, in order, for auditors.',
    by: ['auditor'],
    query: AuditQuery,
    answer: { type: 'object', properties: { events: { type: 'array' }, after: { type: 'string' } } },
    async handle({ query }, request, reply) {
      const principal = principalOf(request)
      const { events, position, hasMore } = await lookThrough(shop, principal, query)
      const after = String(position)
      if (hasMore) reply.header('Link', nextLink(request.url, 'after', after))
      return {
        events: events.map(({ event, isHidden }) =>
          isHidden ? withoutWhereabouts(shown(principal, event)) : shown(principal, event),
        ),
        after,
        more: hasMore,
      }
    },
  })

type Found = { readonly event: Stored; readonly isHidden: boolean }

const lookThrough = async (shop: Shop, principal: Principal, query: z.output<typeof AuditQuery>) => {
  const { store } = shop.system
  const isAsked = matching(query)
  const isHidden = hiddenFamilies(shop, principal)
  const found = async (event: Stored): Promise<Found | undefined> => {
    const { familyId } = event.metadata
    if (!isAsked(event) || isInConflict(principal, familyId)) return undefined
    const hidden = await isHidden(familyId)
    // R-ACC-2 holds for auditors, too: of a household in hiding no visit and no move.
    if (effectOn(principal, event, hidden) === 'deny' || (hidden && event.type === 'FamilyMoved'))
      return undefined
    return { event, isHidden: hidden }
  }
  const events: Found[] = []
  let position = BigInt(query.after)
  for (let looked = 0; looked < LOOKED_AT_MOST; looked += PAGE) {
    const page = await store.after(position, PAGE)
    for (const event of page) {
      if (isLater(event, query.asOf)) return { events, position, hasMore: false }
      position = event.position
      const one = await found(event)
      if (one) events.push(one)
      if (events.length === query.limit) return { events, position, hasMore: true }
    }
    if (page.length < PAGE) return { events, position, hasMore: false }
  }
  return { events, position, hasMore: true }
}

/** Each family is asked about once a request. */
const hiddenFamilies = (shop: Shop, principal: Principal) => {
  const known = new Map<string, boolean>()
  return async (familyId: string | undefined): Promise<boolean> => {
    if (familyId === undefined) return false
    const isHidden = known.get(familyId) ?? (await shop.hidesWhereabouts(principal, familyId))
    known.set(familyId, isHidden)
    return isHidden
  }
}

const matching =
  ({ family, stream, type, actor }: z.output<typeof AuditQuery>) =>
  (event: Stored): boolean =>
    (family === undefined || event.metadata.familyId === family) &&
    (stream === undefined || event.stream === stream) &&
    (type === undefined || event.type === type) &&
    (actor === undefined || event.metadata.actor.staffId === actor)

const isLater = ({ position, recordedAt }: Stored, asOf: string | undefined): boolean => {
  if (asOf === undefined) return false
  return /^\d+$/.test(asOf) ? position > BigInt(asOf) : recordedAt > utc(asOf)
}

/** What was done and when it was recorded stays, because that order is what is audited; where and at what hour does not. */
const withoutWhereabouts = ({ data, metadata, ...event }: ReturnType<typeof shown>) => {
  const { actor, occurredAt: _, ...rest } = metadata
  const { siteId: __, ...who } = actor
  const schema = specs[event.type]?.schema
  return {
    ...event,
    data: schema ? withoutPlaces(data, schema) : {},
    metadata: { ...rest, actor: who },
    redacted: ['places', 'occurredAt'],
  }
}
const specs: Readonly<Record<string, EventSpec>> = catalogue

/** By the same table as everything else (dossier 4.6): of some classes only that something exists, of `council` not even that. */
const effectOn = (
  principal: Principal,
  { metadata: { dataClass, actor } }: Stored,
  dvProtected: boolean,
): Effect =>
  decide(
    { ...principal, kind: 'auditor' },
    'read',
    { dataClass, holder: actor.organizationId },
    { dvProtected },
  ).effect

const shown = (principal: Principal, stored: Stored) => {
  const { position, id, metadata, ...event } = stored
  const isOnlyThere = effectOn(principal, stored, false) === 'existence'
  const { commandHash: _, toldBy, lateReason, ...rest } = metadata
  const spec = specs[event.type]
  return {
    position: String(position),
    eventId: id,
    ...event,
    data: spec && !isOnlyThere ? masked(event.data, spec.schema) : {},
    metadata: {
      ...rest,
      ...(toldBy !== undefined && { toldBy: '■' }),
      ...(lateReason !== undefined && { lateReason: '■' }),
    },
  }
}
