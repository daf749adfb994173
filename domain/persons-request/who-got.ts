import type { DataClass } from '#domain/kernel/classes.ts'
import { idIn, type Recorded, type StreamName } from '#domain/kernel/event.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { publishedReferralEvents } from '#domain/referral/events.ts'
import type { gotItBecause } from './events.ts'

type Because = (typeof gotItBecause)[number]

/** Somebody who got the value: exactly one of the three ids. */
export type Recipient = {
  readonly organizationId?: string | undefined
  readonly staffId?: string | undefined
  readonly personId?: string | undefined
  readonly because: readonly Because[]
}

/** Data handed to an organisation. What it does not say is not excluded: without classes or entries it counts. */
export type Disclosed = {
  readonly organizationId: string
  readonly dataClasses?: readonly string[]
  readonly eventIds?: readonly string[]
  /** Whose records they were. */
  readonly holder?: string
  /** ISO instant in UTC. */
  readonly at: string
}

/** Records opened by somebody, as the access log has it. */
export type Opened = {
  readonly staffId: string
  readonly dataClasses?: readonly string[]
  readonly eventIds?: readonly string[]
  readonly holder?: string
  readonly at: string
}

/** What is kept elsewhere than in the family's facts. */
export type Sources = {
  disclosuresOf(familyId: string): readonly Disclosed[]
  openedOf(familyId: string): readonly Opened[]
  /** Organisations that take events of this type from a feed. */
  subscribersOf(type: string): readonly string[]
  /** Whether what was handed over for this disclosure had the value in it. Not known: by what was asked for. */
  hadIt?(request: StreamName): boolean
}

export type Wrong = {
  readonly eventId: string
  /** JSON pointer into the event's data. */
  readonly field: string
  /** Of the field; of its event unless said. */
  readonly dataClass?: DataClass
  /** The moment until which the value was given out, ISO instant in UTC: of the correction. */
  readonly until: string
}

/**
 * Everybody to whom the wrong value of one field went (R-PRI-14), from the facts of the family in log order. Rather one too many than
 * one too few: where a fact does not say what it took along, it counts. Types it does not know are passed by.
 */
export const whoGot = (
  facts: readonly Recorded[],
  { eventId, field, dataClass: ofField, until }: Wrong,
  { disclosuresOf, openedOf, subscribersOf, hadIt }: Sources,
): readonly Recipient[] => {
  const fact = facts.find(({ id }) => id === eventId)
  const familyId = fact?.metadata.familyId
  if (!fact || familyId === undefined) return []
  const wrong = { ...fact, dataClass: ofField ?? fact.metadata.dataClass }
  const opener = facts.find(({ stream }) => stream === wrong.stream)?.metadata.actor.organizationId
  const actor = wrong.metadata.actor.organizationId
  // What the system notes is held by whoever began the stream.
  const holder = actor === 'system' ? opener : actor
  const isSince = (at: string) => at >= wrong.recordedAt && at <= until
  // The log may have either as the holder: a ward's entry in a hub's register is a part of that register.
  const isOf = (whose: string | undefined) => whose === undefined || whose === holder || whose === opener
  const includes = ({ dataClasses, eventIds, holder: whose }: Omit<Opened, 'staffId'>) =>
    isOf(whose) && (eventIds?.includes(eventId) ?? covers(dataClasses, wrong.dataClass))
  const taken = <T extends Disclosed | Opened>(all: readonly T[]) =>
    all.filter((one) => isSince(one.at) && includes(one))

  const organizations: readonly Way[] = [
    ...taken(disclosuresOf(familyId)).map(({ organizationId }) => [organizationId, 'disclosed'] as const),
    ...byReferral(facts, wrong, isSince),
    ...byConsent(facts, wrong, until),
    ...(publishedReferralEvents.has(wrong.type) && PUBLISHED_FIELDS.has(field.split('/')[1] ?? '')
      ? subscribersOf(wrong.type).map((id) => [id, 'subscription'] as const)
      : []),
  ]
  const staff = taken(openedOf(familyId)).map(({ staffId }) => [staffId, 'opened'] as const)
  const people = byDisclosureToPersons(facts, wrong, isSince, hadIt)
  return [
    ...joined(organizations.filter(([id]) => id !== holder && id !== 'system')).map(
      ([organizationId, because]) => ({ organizationId, because }),
    ),
    ...joined(staff).map(([staffId, because]) => ({ staffId, because })),
    ...joined(people).map(([personId, because]) => ({ personId, because })),
  ]
}

/** The fact that has it, and the class of the field in it. */
type Mistake = Recorded & { readonly dataClass: DataClass }
type Way = readonly [id: string, because: Because]
type Data = Readonly<Record<string, unknown>>

/** What of them subscribers receive, field by field (dossier 2.12). */
const PUBLISHED_FIELDS = new Set([
  'direction',
  'linkLevel',
  'urgency',
  'toOrganization',
  'sentFrom',
  'outcome',
  'ackDueOn',
  'ackDueAt',
  'decisionDueOn',
  'firstContactDueOn',
  'plannedContactOn',
  'outcomeDueOn',
  'resendDueOn',
  'dueOn',
  'dueAt',
])

const covers = (dataClasses: readonly unknown[] | undefined, dataClass: DataClass): boolean =>
  dataClasses === undefined || dataClasses.includes(dataClass)

/** The other end of a referral: of this very one, of one that came from this consultation, or of one that took the class along. */
const byReferral = (
  facts: readonly Recorded[],
  wrong: Mistake,
  isSince: (at: string) => boolean,
): readonly Way[] => {
  const ends = (stream: string) =>
    facts
      .filter((fact) => fact.stream === stream && fact.type === 'ReferralSent')
      .flatMap(({ data }) => {
        const { toOrganization, sentFrom } = data as Data
        return [toOrganization, sentFrom].filter((id) => typeof id === 'string')
      })
  return facts
    .filter(({ type, stream, data, recordedAt }) => {
      if (type !== 'ReferralSent' && type !== 'ReferralInfoSupplied') return false
      if (stream === wrong.stream) return true
      const { dataClasses, consultationId } = data as Data
      const isOfIt = consultationId === idIn(wrong.stream)
      return isSince(recordedAt) && (isOfIt || covers(listOf(dataClasses), wrong.dataClass))
    })
    .flatMap(({ stream }) => ends(stream).map((id) => [id, 'referral'] as const))
}

type Scope = { readonly since: string; readonly until: string; readonly data: Data }

/** Recipients of a consent that was open to them, with this class, at some time between the mistake and its correction. */
const byConsent = (facts: readonly Recorded[], wrong: Mistake, until: string): readonly Way[] => {
  const scopes = new Map<string, readonly Scope[]>()
  for (const { type, stream, data, metadata } of facts) {
    const before = scopes.get(stream) ?? []
    const at = metadata.occurredAt
    const given = data as Data
    const opened = { since: at, until: String(given.until), data: given }
    if (type === 'ConsentGiven') scopes.set(stream, [opened])
    if (type === 'ConsentNarrowed') scopes.set(stream, [...endedAt(before, at), opened])
    if (type === 'ConsentWithdrawn' || type === 'ConsentExpired') scopes.set(stream, endedAt(before, at))
  }
  return [...scopes.values()]
    .flat()
    .filter(
      ({ since, until: last, data }) =>
        covers(listOf(data.dataClasses), wrong.dataClass) &&
        since <= until &&
        last >= (last.length === 10 ? japanDate(wrong.recordedAt) : wrong.recordedAt),
    )
    .flatMap(({ data }) => listOf(data.recipients) ?? [])
    .flatMap((id) => (typeof id === 'string' ? [[id, 'consent'] as const] : []))
}

const endedAt = (scopes: readonly Scope[], at: string): readonly Scope[] =>
  scopes.map((scope, i) => (i === scopes.length - 1 ? { ...scope, until: at } : scope))

/** Others of the family to whom the same entry was shown. The one who asked now is told of the decision anyway. */
const byDisclosureToPersons = (
  facts: readonly Recorded[],
  wrong: Mistake,
  isSince: (at: string) => boolean,
  hadIt: Sources['hadIt'],
): readonly Way[] =>
  facts
    .filter(({ type, stream, data, recordedAt }) => {
      const { handedOver } = data as Data
      const isShown = type === 'DisclosureProvided' && handedOver !== 'decisionLetter'
      return isShown && isSince(recordedAt) && (hadIt?.(stream) ?? true)
    })
    .flatMap(({ stream }) =>
      facts
        .filter((fact) => fact.stream === stream && fact.type === 'DisclosureRequestReceived')
        .map(({ data }) => data as Data)
        .filter(({ dataClasses }) => hadIt !== undefined || covers(listOf(dataClasses), wrong.dataClass))
        .flatMap(({ personId }) =>
          typeof personId === 'string' ? [[personId, 'disclosureToPerson'] as const] : [],
        ),
    )

const listOf = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined)

/** Each once, with every way on which it came, in the order of the ids. */
const joined = (ways: readonly Way[]): readonly (readonly [string, readonly Because[]])[] =>
  [...new Set(ways.map(([id]) => id))]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((id) => [id, [...new Set(ways.filter(([one]) => one === id).map(([, because]) => because))]])
