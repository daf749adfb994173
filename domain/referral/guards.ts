import { type Context, refuse } from '#domain/kernel/lifecycle.ts'
import { hubRoles } from '#domain/kernel/metadata.ts'
import { baseCode } from '#domain/kernel/schema.ts'
import type { Begun, Referral } from './state.ts'
import type { ConsentView, ConsultationView, Destination } from './views.ts'

/** What is about to be sent, as the guards of dossier 3.2 look at it. */
export type Sending = {
  readonly familyId: string
  readonly people?: readonly string[] | undefined
  readonly consultationId?: string | undefined
  readonly direction: string
  readonly linkLevel: string
  readonly toOrganization?: string | undefined
  readonly destinationKind: string
  readonly basis?: string | undefined
  readonly legalBasis?: string | undefined
  readonly basisReason?: string | undefined
  readonly dataClasses?: readonly string[] | undefined
  readonly purpose?: string | undefined
  readonly supersedes?: string | undefined
}

type When = Pick<Context, 'occurredOn' | 'actor'>

/** G1: active consent that covers this recipient, purpose, data and people, or a recorded statutory basis. */
export const hasBasis = (sending: Sending, consent: ConsentView | undefined, when: When) => {
  if (sending.basis !== undefined) return consentCovers(sending, consent, when)
  const statutory = sending.legalBasis !== undefined && baseCode(sending.legalBasis) !== 'consent'
  if (!statutory)
    return refuse(
      'referral/no-basis',
      'G1: name the consent in `basis`, or a statutory `legalBasis`.',
      '/basis',
    )
  return sending.basisReason === undefined
    ? refuse('referral/no-basis', 'G1: say in `basisReason` why the statutory basis applies.', '/basisReason')
    : undefined
}

const notCovered = (detail: string, pointer = '/basis') =>
  refuse('referral/not-covered-by-consent', `G1: ${detail}`, pointer)

const consentCovers = (sending: Sending, consent: ConsentView | undefined, { occurredOn, actor }: When) => {
  if (!consent || consent.status === 'none' || consent.familyId !== sending.familyId)
    return notCovered('this family has given no such consent.')
  if (consent.status === 'withdrawn') return notCovered('the consent was withdrawn.')
  if (consent.sender !== actor.organizationId)
    return notCovered('the consent was given to another organisation.')
  if (occurredOn < consent.from || occurredOn > consent.until)
    return notCovered('the consent is not valid on that day.')
  if (sending.toOrganization === undefined || !consent.recipients.includes(sending.toOrganization))
    return notCovered('this recipient is not among those named.', '/toOrganization')
  if (!(sending.dataClasses ?? []).every((dataClass) => isAmong(consent.dataClasses, dataClass)))
    return notCovered('not all of these data classes are covered.', '/dataClasses')
  if (!(sending.people ?? []).every((person) => consent.people.includes(person)))
    return notCovered('not all of these people are covered.', '/people')
  return purposeFits(sending.purpose, consent.purpose)
    ? undefined
    : notCovered('it was given for another purpose.', '/purpose')
}

/** A consent to a base code covers a hub's own sub-codes of it, not the other way round. */
const isAmong = (codes: readonly string[], code: string) =>
  codes.includes(code) || codes.includes(baseCode(code))

const purposeFits = (sent: string | undefined, given: string | undefined) =>
  sent === undefined || given === undefined || sent === given

/** G2: the destination is active on that date. `introduce` may name a place that has no account. */
export const destinationIsActive = (
  sending: Sending,
  destination: Destination | undefined,
  { occurredOn }: When,
) => {
  if (sending.toOrganization === undefined)
    return baseCode(sending.linkLevel) === 'introduce'
      ? undefined
      : refuse('referral/no-destination', 'G2: name the organisation in `toOrganization`.', '/toOrganization')
  const active =
    destination?.status === 'known' &&
    destination.from <= occurredOn &&
    (destination.until === undefined || occurredOn <= destination.until)
  return active
    ? undefined
    : refuse('referral/destination-not-active', 'G2: no such destination on that day.', '/toOrganization')
}

/** G3: not already open to the same destination for the same consultation. */
export const notAlreadyOpen = (sending: Sending, consultation: ConsultationView | undefined, id: string) => {
  if (!consultation) return undefined
  const open = Object.entries(consultation.openReferrals).some(
    ([other, to]) =>
      other !== id &&
      other !== sending.supersedes &&
      to.toOrganization === sending.toOrganization &&
      to.destinationKind === sending.destinationKind,
  )
  return open
    ? refuse(
        'referral/already-open',
        'G3: a referral of this consultation to this destination is still open.',
      )
    : undefined
}

export const consultationIsOpen = (
  sending: Sending,
  consultation: ConsultationView | undefined,
  { actor }: When,
) => {
  if (!consultation) return undefined
  const ours =
    consultation.familyId === sending.familyId && consultation.organizationId === actor.organizationId
  return consultation.status === 'open' && ours
    ? undefined
    : refuse('referral/consultation-not-open', 'Open or reopen the consultation first.', '/consultationId')
}

/** Codes that name no ordinary referral (dossier 2.10, R-REF-6, R-REF-8). */
export const isOrdinary = (
  { linkLevel, destinationKind, toOrganization, legalBasis }: Sending,
  { actor }: When,
) => {
  if (baseCode(linkLevel) === 'informOnly')
    return refuse(
      'referral/information-only',
      'Giving information is not a referral: there is no loop to close.',
      '/linkLevel',
    )
  if (baseCode(destinationKind) === 'childGuidanceCenter')
    return refuse(
      'referral/not-a-referral',
      'The child guidance centre is reached by report or request.',
      '/destinationKind',
    )
  if (legalBasis !== undefined && baseCode(legalBasis) === 'abuseReport')
    return refuse(
      'referral/not-a-referral',
      'A report of suspected abuse needs no consent and cannot be declined.',
      '/legalBasis',
    )
  return baseCode(destinationKind) === 'kosapoBranch' || toOrganization === actor.organizationId
    ? refuse('referral/inside-the-hub', 'A hand-off inside the hub is an assignment.', '/toOrganization')
    : undefined
}

const LATERAL_KINDS = ['hub', 'otherHub', 'tsudoiHiroba']

/** `inlet` leaves a hub, `outlet` comes out at a hub, `lateral` stays among hubs (dossier 0.2, 2.10). */
export const directionFits = ({ direction, destinationKind }: Sending, { actor }: When) => {
  const fromHub = hubRoles.some((role) => role === actor.role)
  const kind = baseCode(destinationKind)
  const fits = {
    inlet: fromHub && kind !== 'hub' && kind !== 'otherHub',
    outlet: !fromHub && kind === 'hub',
    lateral: fromHub && LATERAL_KINDS.includes(kind),
  }[baseCode(direction)]
  return fits
    ? undefined
    : refuse(
        'referral/direction-does-not-fit',
        'Seen from the family: where does support begin?',
        '/direction',
      )
}

export const replacesDeclined = (sending: Sending, replaced: Referral | undefined, { actor }: When) => {
  if (!replaced) return undefined
  const ours =
    replaced.status !== 'none' &&
    replaced.from.organizationId === actor.organizationId &&
    replaced.familyId === sending.familyId
  return ours && replaced.status === 'declined'
    ? undefined
    : refuse(
        'referral/supersedes-not-declined',
        'Only a declined referral of yours is sent anew.',
        '/supersedes',
      )
}

export const bySender = (state: Begun, { actor }: Pick<When, 'actor'>) =>
  actor.role === 'system' || state.from.organizationId === actor.organizationId
    ? undefined
    : refuse('referral/not-the-sender', 'This is for the organisation that sent it.')

/** The caregiver may tell either side, once it has been sent. */
export const bySenderOrToldReceiver = (state: Begun, withdrawnBy: string, { actor }: Pick<When, 'actor'>) => {
  const told = withdrawnBy === 'caregiver' && state.status !== 'draft' && state.status !== 'awaitingConsent'
  return told && state.to.organizationId === actor.organizationId ? undefined : bySender(state, { actor })
}

/** An `introduce` referral has no receiver account: the sender notes what the caregiver tells (R-REF-7). */
export const byReceiver = (state: Begun, { actor }: When) => {
  const acts =
    state.to.organizationId === actor.organizationId ||
    (baseCode(state.linkLevel) === 'introduce' && state.from.organizationId === actor.organizationId)
  return acts
    ? undefined
    : refuse('referral/not-the-receiver', 'This is for the organisation it was sent to.')
}
