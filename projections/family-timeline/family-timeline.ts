import type { DomainEvent, RecordedEvent } from '#domain/events.ts'
import type { EventSpec, StreamName } from '#domain/kernel/event.ts'
import { projection, type Rows } from '#domain/kernel/projection.ts'
import { type Entry, entryOf, type Mention, NOBODY, NOW, sortKey, specOf } from './entry.ts'

const MAX_LINKS = 200

/**
 * The product: everything that hubs and wards did with a family, bitemporal. An entry that is corrected keeps its older
 * wording as a row that was valid until then, so "as known on" any position is a range query.
 */
export const familyTimeline = projection<Entry, DomainEvent>()({
  name: 'family-timeline',
  version: 1,
  columns: {
    family: { type: 'text', of: ({ familyId }) => familyId },
    sort: { type: 'text', of: sortKey },
    knownFrom: { type: 'integer', of: ({ knownFrom }) => knownFrom },
    knownUntil: { type: 'integer', of: ({ knownUntil }) => knownUntil },
    historical: { type: 'integer', of: ({ historical }) => (historical ? 1 : 0) },
    occurredOn: { type: 'text', of: ({ occurredOn }) => occurredOn },
    recordedAt: { type: 'text', of: ({ recordedAt }) => recordedAt },
    function: { type: 'text', of: (entry) => entry.function },
    kind: { type: 'text', of: ({ kind }) => kind },
    site: { type: 'text', of: ({ site }) => site ?? null },
  },
  indexes: [['family', 'sort']],
  apply(event, rows) {
    const spec = specOf(event.type)
    if (!spec || spec.bookkeeping || isElsewhere(event)) return
    const entry = entryOf(event, spec)
    if (spec.effect) supersede(event, spec, rows)
    for (const [part, type] of impliedTypes(event).entries())
      rows.put(`${keyOf(entry)}~${type}`, impliedEntry(entry, type, part))
    rows.put(keyOf(entry), entry)
    for (const { stream } of entry.links) linkBack(stream, entry, rows)
  },
})

/** Members, organisations, staff: no entries of any family, unless they say whose. */
const isElsewhere = ({ metadata, type }: RecordedEvent): boolean =>
  metadata.familyId === undefined && !type.startsWith('Visit')

const keyOf = ({ stream, version }: Pick<Entry, 'stream' | 'version'>): string => `${stream}@${version}`

/** The stream's first entry gets a new wording, or leaves; the old wording stays as what was known until now. */
const supersede = (event: RecordedEvent, spec: EventSpec, rows: Rows<Entry>): void => {
  const key = keyOf({ stream: event.stream, version: 1 })
  const before = rows.get(key)
  if (!before) return
  const position = Number(event.position)
  const mention: Mention = { eventId: event.id, type: event.type, position: String(event.position) }
  rows.put(`${key}#${before.knownFrom}`, { ...before, knownUntil: position })
  const after = { ...before, knownFrom: position, knownUntil: NOW }
  rows.put(
    key,
    spec.effect === 'annuls'
      ? { ...after, annulled: mention, historical: true }
      : { ...after, correctedBy: mention, data: event.data, familyId: event.metadata.familyId ?? NOBODY },
  )
}

/** A later event may imply one that nobody recorded: marked, and never in the way (R-GEN-6). */
const impliedTypes = ({ data }: RecordedEvent): readonly string[] =>
  'implied' in data ? (data.implied ?? []) : []

const impliedEntry = (entry: Entry, type: string, part: number): Entry => {
  const { state: _, due: __, ...rest } = entry
  const state = specOf(type)?.state
  return { ...rest, type, data: {}, links: [], implied: true, part, ...(state !== undefined && { state }) }
}

/** What came of it, told at the place it came from: notice → consultation → referral → match can be walked forward, too. */
const linkBack = (stream: StreamName, entry: Entry, rows: Rows<Entry>): void => {
  const key = keyOf({ stream, version: 1 })
  const origin = rows.get(key)
  const known = origin?.links.some((link) => link.rel === 'ledTo' && link.stream === entry.stream)
  if (!origin || known || origin.familyId !== entry.familyId || origin.links.length >= MAX_LINKS) return
  rows.put(key, {
    ...origin,
    links: [...origin.links, { rel: 'ledTo', stream: entry.stream, since: entry.position }],
  })
}
