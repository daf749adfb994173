import type { DataClass } from '#domain/kernel/classes.ts'
import { idIn } from '#domain/kernel/event.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import type { Entry } from '#projections/family-timeline/entry.ts'
import type { OpenItem } from '#projections/open-items.ts'
import type { ReferralRow } from '#projections/referrals.ts'
import type { OfFamily } from './circumstances.ts'
import { personFields } from './fields.ts'

/** What the rules have to know of an entry. `opening`: the entry with which its stream began; `ends`: of a letter that was sent. */
export const resourceOfEntry = (
  entry: Entry,
  opening: Entry | undefined,
  ends: readonly string[] | undefined,
  asking: string,
): OfFamily => {
  const { organizationId, staffId, role } = entry.actor
  // A register stays that of its hub, whoever corrects it; what the system notes belongs to whom it notes it for.
  const isOthers = entry.kind === 'family' && organizationId !== asking
  const holder = (role === 'system' || isOthers ? opening?.actor.organizationId : undefined) ?? organizationId
  const people = peopleIn(entry)
  const base = { dataClass: entry.dataClass, holder, recordedBy: staffId, ...(people && { people }) }
  if (entry.kind === 'referral')
    return NOT_SENT.has(entry.state ?? '')
      ? base
      : { ...base, referralId: idIn(entry.stream), addressees: ends ?? [] }
  // Who was to learn of it, had they agreed, does not learn that they declined.
  const named = opening?.type === 'ConsentGiven' ? opening.data.recipients : undefined
  return Array.isArray(named)
    ? { ...base, addressees: [...named, opening?.actor.organizationId].filter(isText) }
    : base
}

/** A draft is nobody's but its sender's, also once another wording of it was sent. */
const NOT_SENT: ReadonlySet<string> = new Set(['draft', 'awaitingConsent'])
/** Of these the first entry says whose they are and who else has to do with them. */
export const SHARED: ReadonlySet<string> = new Set(['consent', 'family'])
const isText = (value: unknown): value is string => typeof value === 'string'

/** One field of an entry: its class and the person whom it is about may be others than the entry's. */
export const partOf = (
  { dataClass: ofEntry, kind }: Entry,
  { people, ...resource }: OfFamily,
  dataClass: DataClass,
  personId: string | undefined,
): OfFamily => ({
  ...resource,
  dataClass,
  ...(personId === undefined ? people && { people } : { people: [personId] }),
  ...(kind === 'consent' && dataClass !== ofEntry && { ownOnly: true as const }),
})

/** Persons whom a fact as a whole is about: those its own fields name. Who a letter or a consent is about was asked for when it was made. */
export const peopleIn = ({ type, kind, data }: Entry): readonly string[] | undefined => {
  const fields = CROSSES_BY_ITSELF.has(kind) ? [] : personFields(type)
  const people = fields.flatMap((field) => data[field] ?? []).filter(isText)
  return people.length === 0 ? undefined : people
}
const CROSSES_BY_ITSELF: ReadonlySet<string> = new Set(['referral', 'consent'])

export const resourceOfItem = ({ kind, opener, owner, receiver }: OpenItem): OfFamily => ({
  dataClass: classOfKind(kind),
  holder: opener.organizationId,
  // Being somebody's own work is not being addressed to them.
  addressees: [owner, receiver]
    .flatMap((party) => party?.organizationId ?? [])
    .filter((organization) => organization !== opener.organizationId),
  ...(opener.staffId !== undefined && { recordedBy: opener.staffId }),
})

/** `openedBy`: staff id of whoever began it. */
export const resourceOfReferral = (
  { from, to }: Pick<ReferralRow, 'from' | 'to'>,
  openedBy: string | undefined,
): OfFamily => ({
  dataClass: classOfKind('referral'),
  holder: from,
  addressees: to === undefined ? [] : [to],
  ...(openedBy !== undefined && { recordedBy: openedBy }),
})

/** The class of a lifecycle is that of the fact it begins with. */
export const classOfKind = (kind: string): DataClass => kinds.get(kind) ?? 'council'
const kinds: ReadonlyMap<string, DataClass> = new Map(
  lifecycles.flatMap(({ name, events }) => {
    const [first] = Object.values(events)
    return first ? [[name, first.dataClass] as const] : []
  }),
)
