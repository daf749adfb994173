import { z } from 'zod'
import { legalAgeOn } from '#domain/calendar/age.ts'
import type { Context, Refusal, RefusalText } from '#domain/kernel/lifecycle.ts'
import { firstRefusal, refuse } from '#domain/kernel/lifecycle.ts'
import { date, text } from '#domain/kernel/schema.ts'
import { addDays } from '#domain/kernel/time.ts'
import type { FamilyView } from './family-view.ts'

/** Who takes a request in, and who decides it (dossier 4.7). */
export const receivers = ['hubPartner', 'hubDirector', 'wardManager'] as const
export const deciders = ['hubDirector', 'wardManager'] as const

/** Calendar days, not business days: 30 to decide, 30 more at most (個人情報保護法 83条, 94条, 102条). */
const DAYS_TO_DECIDE = 30
const DAYS_OF_EXTENSION = 30
const ADULT = 18

/** What every request knows of itself: whose it is, and its clock. Never a word that somebody said. */
export type Asked = {
  readonly familyId: string
  readonly personId: string
  readonly requesterKind: string
  /** The organisation that took it in, and decides. */
  readonly organizationId: string
  readonly receivedOn: string
  readonly decideBy: string
  readonly extendableTo: string
  readonly extended: boolean
  /** Due days whose passing has been noted. */
  readonly missed: readonly string[]
}

export const askedBy = (
  data: Pick<Asked, 'familyId' | 'personId' | 'requesterKind' | 'receivedOn' | 'decideBy' | 'extendableTo'>,
  organizationId: string,
): Asked => ({
  familyId: data.familyId,
  personId: data.personId,
  requesterKind: data.requesterKind,
  organizationId,
  receivedOn: data.receivedOn,
  decideBy: data.decideBy,
  extendableTo: data.extendableTo,
  extended: false,
  missed: [],
})

/** The day of receipt does not count, so the thirtieth day after it is the last. */
export const termFrom = (receivedOn: string) => ({
  receivedOn,
  decideBy: addDays(receivedOn, DAYS_TO_DECIDE),
  extendableTo: addDays(receivedOn, DAYS_TO_DECIDE + DAYS_OF_EXTENSION),
})

export const ReceivedOn = date().optional().describe('The day it came in; the day of the event, unless said.')

export const Extension = z.strictObject({
  until: date().describe('At most 30 days after the first term.'),
  reason: text(500).describe('Told to the person in writing.'),
})
export const Withdrawal = z.strictObject({ reason: text(500).optional() })
export const Miss = z.strictObject({ dueOn: date() })

/** A representative has a name or is known here. */
export const representativeIsNamed = {
  check: (data: {
    readonly requesterKind: string
    readonly representativeId?: string | undefined
    readonly representative?: string | undefined
  }): boolean =>
    data.requesterKind === 'self' || data.representativeId !== undefined || data.representative !== undefined,
  otherwise: { path: ['representative'], message: 'who asks for them', params: { code: 'required' } },
}

type Asking = {
  readonly personId: string
  readonly requesterKind: string
  readonly receivedOn?: string | undefined
}

/** May this be asked at all: of a person of this family, for a minor by their representative, and not before it came in. */
export const mayBeAsked = <const K extends string>(
  kind: K,
  { personId, requesterKind, receivedOn }: Asking,
  { people }: FamilyView,
  { occurredOn }: Pick<Context, 'occurredOn'>,
): Refusal<`${K}/not-of-the-family` | `${K}/not-a-minor` | `${K}/received-later`> | undefined => {
  const person = people[personId]
  const day = receivedOn ?? occurredOn
  return firstRefusal(
    person === undefined
      ? refuse(`${kind}/not-of-the-family` as const, 'Nobody of this family has that id.', '/personId')
      : undefined,
    requesterKind === 'legalRepresentative' && !(person && isMinor(person.birthDate, day))
      ? refuse(`${kind}/not-a-minor` as const, 'An adult asks, or gives a mandate.', '/requesterKind')
      : undefined,
    day > occurredOn
      ? refuse(`${kind}/received-later` as const, 'It came in after this was done.', '/receivedOn')
      : undefined,
  )
}

const isMinor = (birthDate: string | undefined, day: string): boolean =>
  birthDate !== undefined && legalAgeOn(birthDate, day) < ADULT

/** Records held by another organisation are asked for there (dossier 4.7). */
export const isOurs = <const K extends string>(
  kind: K,
  { organizationId }: Asked,
  { actor }: Pick<Context, 'actor'>,
): Refusal<`${K}/another-organization`> | undefined =>
  organizationId === actor.organizationId
    ? undefined
    : refuse(`${kind}/another-organization` as const, 'No such request here.')

/** Once, before the term ends, for at most 30 days. */
export const mayExtend = <const K extends string>(
  kind: K,
  state: Asked,
  until: string,
  { occurredOn }: Pick<Context, 'occurredOn'>,
): Refusal<`${K}/already-extended` | `${K}/term-over` | `${K}/not-an-extension`> | undefined => {
  const { decideBy, extendableTo } = state
  return firstRefusal(
    state.extended
      ? refuse(`${kind}/already-extended` as const, `The term was extended to ${decideBy}.`)
      : undefined,
    occurredOn > decideBy ? refuse(`${kind}/term-over` as const, `It ended on ${decideBy}.`) : undefined,
    until <= decideBy || until > extendableTo
      ? refuse(`${kind}/not-an-extension` as const, `After ${decideBy}, at most ${extendableTo}.`, '/until')
      : undefined,
  )
}

/** Whether this very term has been missed and not been noted yet. */
export const isMissed = ({ decideBy, missed }: Asked, dueOn: string, occurredOn: string): boolean =>
  decideBy === dueOn && occurredOn > dueOn && !missed.includes(dueOn)

export const extended = <S extends Asked>(state: S, until: string): S => ({
  ...state,
  decideBy: until,
  extended: true,
})
export const noted = <S extends Asked>(state: S, dueOn: string): S => ({
  ...state,
  missed: [...state.missed, dueOn],
})

/** Refusals that every kind of request can give, under its own name. */
const common = {
  'not-of-the-family': 'The person does not belong to this family.',
  'not-a-minor': 'A legal representative asks for a minor.',
  'received-later': ['A request is not received after it was recorded.', 400],
  'another-organization': ['This request was made to another organisation.', 404],
  'already-extended': 'A term is extended once.',
  'term-over': 'A term is extended before it ends.',
  'not-an-extension': ['An extension ends after the term, by 30 days at most.', 400],
} as const satisfies Readonly<Record<string, RefusalText>>

type Common<K extends string> = {
  readonly [R in keyof typeof common & string as `${K}/${R}`]: RefusalText
}

export const commonRefusals = <const K extends string>(kind: K): Common<K> =>
  // The keys have just been made as the type says; TypeScript does not follow names through `fromEntries`.
  Object.fromEntries(
    Object.entries(common).map(([reason, words]) => [`${kind}/${reason}`, words]),
  ) as Common<K>
