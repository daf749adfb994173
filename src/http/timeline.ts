import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Language } from '#domain/codes/label.ts'
import { SiteId } from '#domain/ids.ts'
import { supportFunctions } from '#domain/kernel/classes.ts'
import type { Query } from '#domain/kernel/projection.ts'
import { date } from '#domain/kernel/schema.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { directory } from '#projections/directory.ts'
import { type Entry, NOW, sortKey } from '#projections/family-timeline/entry.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { wordingOf } from '#projections/family-timeline/wording.ts'
import { openName } from '#src/access/open.ts'
import type { Reveal, Shown } from '#src/access/reveal.ts'
import { asOf, positionAsOf } from './as-of.ts'
import { notTheirFamily, principalOf, type Shop } from './context.ts'
import { badCursor, decodeCursor, encodeCursor, nextLink } from './cursor.ts'
import { sendProblem } from './problem.ts'
import { release } from './release.ts'
import { type ReadRoute, readRoute } from './routes.ts'

const MOST = 500

const TimelineQuery = z.strictObject({
  order: z.enum(['newest', 'oldest', 'desc', 'asc']).default('newest'),
  from: date().optional(),
  to: date().optional(),
  function: z.enum(supportFunctions).optional(),
  kind: z.string().max(40).optional(),
  site: SiteId.optional(),
  asOf: asOf().describe('As it was known then: a position, or a time.'),
  history: z.enum(['true', 'false']).default('false').describe('Corrections and what they corrected, too.'),
  limit: z.coerce.number().int().min(1).max(MOST).default(100),
  cursor: z.string().max(1_000).optional(),
})

type Question = z.output<typeof TimelineQuery>

/** The product (API 3, 4): one family's history, bitemporal, as far as the caller may know it. */
export const timelineRoute = (shop: Shop): ReadRoute =>
  readRoute({
    path: '/v1/families/{id}/timeline',
    operationId: 'ReadTimeline',
    summary: 'One family’s unbroken timeline. Sorted by what happened, not by when it was recorded.',
    query: TimelineQuery,
    answer: timelineAnswer,
    async handle({ query, params }, request, reply) {
      const familyId = (params.id ?? '').toLowerCase()
      if (!(await shop.relation.mayRead(principalOf(request), familyId)))
        return notTheirFamily(shop, request, reply, familyId)
      return sendPage(shop, familyId, query, request, reply)
    },
  })

const sendPage = async (
  shop: Shop,
  familyId: string,
  query: Question,
  request: FastifyRequest,
  reply: FastifyReply,
) => {
  const { cursor, limit, ...question } = query
  const place = cursor === undefined ? undefined : await placeAt(shop, familyId, query, question, cursor)
  if (cursor !== undefined && place === undefined) return sendProblem(request, reply, badCursor)
  const language: Language = /^en\b/i.test(String(request.headers['accept-language'] ?? '')) ? 'en' : 'ja'
  const principal = principalOf(request)

  const known = query.asOf === undefined ? undefined : await positionAsOf(shop.system.store, query.asOf)
  return release(shop, familyId, request, reply, (reveal, header) => {
    // A filter by site would tell where an entry is that does not say so itself.
    const isAskedWhere = query.site !== undefined && reveal.hidesWhereabouts
    const { entries, last } = readPage(shop, familyId, query, known, place, isAskedWhere ? undefined : reveal)
    const isAuditor = principal.role === 'auditor'
    const names = isAuditor ? new Map() : namesOf(shop, entries)
    const next = last && encodeCursor([familyId, question], bookmarkOf(last, query))
    if (next) header('Link', nextLink(request.url, 'cursor', next))
    header('Content-Language', language)
    return {
      familyId,
      ...(query.asOf !== undefined && { asOf: query.asOf }),
      entries: entries.map((shown) => present(shown, language, names)),
      ...(next && { next }),
    }
  })
}

/** Reads until the page is full of entries that may be seen: what may not be seen leaves no hole. */
const readPage = (
  { system: { views } }: Shop,
  familyId: string,
  query: Question,
  known: number | undefined,
  place: readonly (string | number)[] | undefined,
  reveal: Reveal | undefined,
): { entries: readonly Shown[]; last: Entry | undefined } => {
  const reader = views.reader(familyTimeline)
  const way = query.order === 'newest' || query.order === 'desc' ? 'desc' : 'asc'
  const where: Query['where'] = {
    family: familyId,
    ...knownThen(known, query.history === 'true'),
    ...(query.function && { function: query.function }),
    ...(query.kind && { kind: query.kind }),
    ...(query.site && { site: query.site }),
    ...((query.from || query.to) && {
      occurredOn: { ...(query.from && { gte: query.from }), ...(query.to && { lte: query.to }) },
    }),
  }
  const entries: Shown[] = []
  let shownLast: Entry | undefined
  let startAfter = place
  for (;;) {
    const rows = reader.list({
      where,
      orderBy: orderOf(query).map((column) => [column, way] as const),
      ...(startAfter && { startAfter }),
      limit: query.limit + 1,
    })
    reveal?.atHand(rows)
    for (const row of rows) {
      // Where something was is more than that it was.
      if (query.site && reveal?.explain(row).effect === 'existence') continue
      // One beyond the page is only asked about: it is not released.
      const isFull = entries.length === query.limit
      if (isFull && reveal?.hasEntry(row)) return { entries, last: shownLast }
      const shown = isFull ? undefined : reveal?.entry(known === undefined ? row : asKnownAt(row, known))
      if (!shown) continue
      entries.push(shown)
      shownLast = row
    }
    const end = rows.at(-1)
    if (!end || rows.length <= query.limit) return { entries, last: undefined }
    startAfter = placeOf(end, query)
  }
}

/** Without history an entry has one wording: corrected between two pages, it is still at the same place. */
const orderOf = ({ history }: Question) =>
  history === 'true' ? (['sort', 'knownFrom'] as const) : (['sort'] as const)

/** A page's end as its reader gets it: which entry, not when it happened (R-ACC-2 keeps hours). */
const bookmarkOf = ({ position, part, knownFrom }: Entry, { history }: Question) =>
  history === 'true' ? [position, part ?? -1, knownFrom] : [position, part ?? -1]

/** Where the entry of a cursor stands; none for what is no entry of this family. */
const placeAt = async (
  { system: { store, views } }: Shop,
  familyId: string,
  query: Question,
  question: unknown,
  cursor: string,
): Promise<readonly (string | number)[] | undefined> => {
  const bookmark = decodeCursor([familyId, question], cursor) ?? []
  const [position, part, knownFrom] = bookmark
  if (bookmark.length !== orderOf(query).length + 1 || !/^\d{1,15}$/.test(String(position))) return undefined
  const [event] = await store.after(BigInt(String(position)) - 1n, 1)
  const entry = event && views.reader(familyTimeline).get(`${event.stream}@${event.version}`)
  if (!entry || entry.position !== position || entry.familyId !== familyId) return undefined
  const ended = { ...entry, ...(typeof part === 'number' && part >= 0 && { part }) }
  return placeOf(typeof knownFrom === 'number' ? { ...ended, knownFrom } : ended, query)
}

const placeOf = (entry: Entry, question: Question): readonly (string | number)[] =>
  orderOf(question).map((column) => (column === 'sort' ? sortKey(entry) : entry.knownFrom))

/** Without history, what holds (then): each entry in one wording. With it, every wording there has been. */
const knownThen = (known: number | undefined, history: boolean): NonNullable<Query['where']> => {
  if (history) return known === undefined ? {} : { knownFrom: { lte: known } }
  if (known === undefined) return { knownUntil: NOW, historical: 0 }
  return { knownFrom: { lte: known }, knownUntil: { gt: known }, historical: 0 }
}

const asKnownAt = (entry: Entry, known: number): Entry => ({
  ...entry,
  links: entry.links.filter(({ since }) => Number(since) <= known),
})

type Names = ReadonlyMap<string, string>

const namesOf = ({ system: { views, keyring } }: Shop, entries: readonly Shown[]): Names => {
  const reader = views.reader(directory)
  const staff = new Set(entries.map(({ entry }) => entry.actor.staffId))
  const nameOf = (staffId: string) => {
    const row = reader.get(`staff-${staffId}`)
    return row ? (openName(keyring, row) ?? '') : ''
  }
  return new Map([...staff].map((staffId) => [staffId, nameOf(staffId)]))
}

/** What kind of thing there is, where no more may be known. */
const titleOf = (kind: string): string => lifecycles.find(({ name }) => name === kind)?.titleJa ?? ''

/** API 4, field by field. */
export const present = ({ entry, redacted, effect }: Shown, language: Language, names: Names) => {
  const { title, summary } =
    effect === 'existence' ? { title: titleOf(entry.kind), summary: '' } : wordingOf(entry, language)
  const isInstant = entry.precision === 'instant'
  // JSON leaves out what is undefined: hundreds of entries are put together without a copy for each part that may be missing.
  return {
    position: entry.position,
    eventId: entry.eventId,
    type: entry.type,
    occurredAt: isInstant ? entry.occurredAt : undefined,
    occurredOn: isInstant ? undefined : entry.occurredOn,
    precision: entry.precision,
    recordedAt: entry.recordedAt,
    late: entry.late,
    function: entry.function,
    kind: entry.kind,
    stream: entry.stream,
    version: entry.version,
    title,
    summary,
    actor: {
      role: entry.actor.role,
      organization: entry.actor.organizationId,
      site: entry.site,
      name: names.get(entry.actor.staffId) || undefined,
    },
    toldBy: entry.toldBy,
    links: entry.links.map(({ rel, stream }) => ({ rel, stream })),
    state: entry.state,
    due: entry.due,
    correctedBy: entry.correctedBy,
    annulled: entry.annulled,
    implied: entry.implied,
    redacted: redacted.length > 0 && effect !== 'allow' ? ['summary', ...redacted] : redacted,
  }
}

const timelineAnswer = {
  type: 'object',
  required: ['familyId', 'entries'],
  properties: {
    familyId: { type: 'string', format: 'uuid' },
    asOf: { type: 'string' },
    next: { type: 'string', description: 'Cursor of the next page.' },
    entries: {
      type: 'array',
      items: {
        type: 'object',
        required: [
          'position',
          'eventId',
          'type',
          'precision',
          'recordedAt',
          'late',
          'function',
          'kind',
          'stream',
          'version',
          'title',
          'summary',
          'actor',
          'links',
          'redacted',
        ],
        properties: {
          position: { type: 'string' },
          eventId: { type: 'string', format: 'uuid' },
          type: { type: 'string' },
          occurredAt: { type: 'string', format: 'date-time' },
          occurredOn: { type: 'string', format: 'date' },
          precision: { enum: ['instant', 'day', 'month', 'about'] },
          recordedAt: { type: 'string', format: 'date-time' },
          late: { type: 'boolean', description: 'Recorded on a later day than it happened.' },
          function: { enum: supportFunctions },
          kind: { type: 'string' },
          stream: { type: 'string' },
          version: { type: 'integer' },
          title: { type: 'string' },
          summary: { type: 'string' },
          actor: {
            type: 'object',
            required: ['role', 'organization'],
            properties: {
              role: { type: 'string' },
              organization: { type: 'string' },
              site: { type: 'string' },
              name: { type: 'string' },
            },
          },
          toldBy: { type: 'string' },
          links: {
            type: 'array',
            items: {
              type: 'object',
              required: ['rel', 'stream'],
              properties: { rel: { type: 'string' }, stream: { type: 'string' } },
            },
          },
          state: { type: 'string' },
          due: { type: 'string' },
          correctedBy: { type: 'object' },
          annulled: { type: 'object' },
          implied: { type: 'boolean' },
          redacted: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  },
} as const
