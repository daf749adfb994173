import type { DomainEvent, RecordedEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection, type Rows } from '#domain/kernel/projection.ts'
import { baseCode } from '#domain/kernel/schema.ts'
import { publishedReferralEvents } from '#domain/referral/events.ts'

/** What every subscriber of an organisation may know of one referral event; the family reference is made per subscriber. */
export type FeedRow = {
  readonly organization: string
  /** 1, 2, 3 … for this organisation; a hole is a bug. 0: the counter, or an envelope, itself. */
  readonly sequence: number
  readonly position: string
  readonly eventId: string
  readonly type: string
  readonly occurredAt: string
  readonly recordedAt: string
  readonly correlationId: string
  readonly referralId: string
  readonly familyId: string
  readonly status: string
  readonly direction: string
  readonly linkLevel: string
  readonly urgency: string
  readonly from: string
  readonly to?: string | undefined
  /** Where the two ends are, as it was known then. */
  readonly wards: readonly string[]
  /** The consent that it rests on. */
  readonly consentId?: string | undefined
  readonly due?: Readonly<Record<string, string>>
  readonly outcome?: string
}

/** Everybody's: what the city's own integrations read. */
export const EVERYBODY = '*'

/** Where an organisation is. */
type Place = {
  readonly organization: string
  readonly sequence: 0
  readonly position: string
  readonly ward: string
}

export const referralFeed = projection<FeedRow | Place, DomainEvent>()({
  name: 'referral-feed',
  version: 3,
  columns: {
    organization: { type: 'text', of: ({ organization, sequence }) => (sequence > 0 ? organization : null) },
    sequence: { type: 'integer', of: ({ sequence }) => sequence },
    position: { type: 'integer', of: ({ position }) => Number(position) },
  },
  indexes: [['organization', 'sequence']],
  apply(event, rows) {
    const place = placeIn(event)
    if (place) rows.put(placeKey(place.organization), place)
    if (!event.stream.startsWith('referral-')) return
    const envelopeKey = `envelope/${event.stream}`
    const envelope = envelopeAfter(event, asEnvelope(rows.get(envelopeKey)), rows)
    if (!envelope) return
    rows.put(envelopeKey, envelope)
    if (!publishedReferralEvents.has(event.type)) return
    for (const organization of new Set([envelope.from, envelope.to, EVERYBODY]))
      if (organization !== undefined) publish({ ...envelope, ...detailsOf(event), organization }, rows)
  },
})

/** What stands under a number of a feed, or in an envelope. */
export const asEnvelope = (row: FeedRow | Place | undefined): FeedRow | undefined =>
  row && 'eventId' in row ? row : undefined

const placeKey = (organization: string): string => `place/${organization}`

const placeIn = ({ type, data, stream, position }: RecordedEvent): Place | undefined =>
  type === 'OrganizationRegistered' && data.ward !== undefined
    ? { organization: idIn(stream), sequence: 0, position: String(position), ward: data.ward }
    : undefined

const wardsOf = (rows: Rows<FeedRow | Place>, ...organizations: readonly (string | undefined)[]) => {
  const places = organizations.map((id) => (id === undefined ? undefined : rows.get(placeKey(id))))
  return [...new Set(places.flatMap((place) => (place && 'ward' in place ? [place.ward] : [])))]
}

const publish = (row: FeedRow, rows: Rows<FeedRow | Place>): void => {
  const sequence = feedLength(rows, row.organization) + 1
  rows.put(counterKey(row.organization), { ...row, sequence: 0, position: String(sequence) })
  rows.put(feedKey(row.organization, sequence), { ...row, sequence })
}

const counterKey = (organization: string): string => `counter/${organization}`

/** How many events a feed has: the number of the newest one. */
export const feedLength = (
  rows: { readonly get: (key: string) => FeedRow | Place | undefined },
  organization: string,
): number => Number(rows.get(counterKey(organization))?.position ?? 0)

/** Where an event of a feed is found by its number. */
export const feedKey = (organization: string, sequence: number): string =>
  `${organization}/${String(sequence).padStart(12, '0')}`

const envelopeAfter = (
  event: RecordedEvent,
  before: FeedRow | undefined,
  rows: Rows<FeedRow | Place>,
): FeedRow | undefined => {
  const moment = {
    position: String(event.position),
    eventId: event.id,
    type: event.type,
    occurredAt: event.metadata.occurredAt,
    recordedAt: event.recordedAt,
    correlationId: event.metadata.correlationId,
  }
  if (event.type === 'ReferralSent') {
    const { data } = event
    return {
      ...moment,
      organization: EVERYBODY,
      sequence: 0,
      referralId: idIn(event.stream),
      familyId: data.familyId,
      status: 'sent',
      direction: data.direction,
      linkLevel: data.linkLevel,
      urgency: data.urgency,
      from: data.sentFrom,
      to: data.toOrganization,
      wards: wardsOf(rows, data.sentFrom, data.toOrganization),
      consentId: data.basis,
    }
  }
  const status = statusAfter(event.type)
  return before && { ...before, ...moment, ...(status !== undefined && { status }) }
}

const statusAfter = (type: string): string | undefined =>
  ({
    ReferralAcknowledged: 'acknowledged',
    ReferralInfoRequested: 'infoRequested',
    ReferralInfoSupplied: 'acknowledged',
    ReferralAccepted: 'accepted',
    ReferralDeclined: 'declined',
    ReferralRedirected: 'sent',
    ReferralServiceStarted: 'inService',
    ReferralOutcomeReported: 'outcomeReported',
    ReferralClosed: 'closed',
    ReferralWithdrawn: 'withdrawn',
  })[type]

/** Due dates as far as the event fixed them; an outcome code, unless the caregiver wants none told. Never words. */
const detailsOf = ({ data }: RecordedEvent): Pick<FeedRow, 'due' | 'outcome'> => {
  const due = Object.fromEntries(
    Object.entries(data).filter(
      ([name, value]) => /Due(On|At)$|^dueOn$/.test(name) && typeof value === 'string',
    ),
  )
  const told = 'outcome' in data && baseCode(data.outcome) !== 'outcomeWithheld'
  return { ...(Object.keys(due).length > 0 && { due }), ...(told && { outcome: data.outcome }) }
}
