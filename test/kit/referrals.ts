import type { Actor } from '#domain/kernel/metadata.ts'
import { referral } from '#domain/referral/referral.ts'
import {
  consent,
  consultation,
  director,
  family,
  hub,
  mchCoordinator,
  otherHub,
  otherWard,
  partner,
  ward,
} from './controls.ts'
import { by, type Fact, fact } from './facts.ts'
import { type Given, rulesOf } from './spec.ts'

export const rule = rulesOf(referral)

type Changes = Readonly<Record<string, unknown>>

/** What the sender writes, before the system adds the due dates; `undefined` takes a field away. */
export const letter = (changes: Changes = {}): Changes => {
  const {
    ackDueOn: _a,
    firstContactDueOn: _f,
    sentFrom: _s,
    ...written
  } = fact('ReferralSent').data as Changes
  return JSON.parse(JSON.stringify({ ...written, ...changes })) as Changes
}

/** The same from the ward to the hub: support comes out there. */
export const outletLetter = (changes: Changes = {}): Changes =>
  letter({
    direction: 'outlet',
    toOrganization: hub,
    destinationKind: 'hub',
    reasons: ['useOfHub'],
    basis: undefined,
    legalBasis: 'publicTask',
    basisReason: '新生児訪問で本人が希望',
    consultationId: undefined,
    ...changes,
  })

export const organization = (kind: 'hub' | 'ward') =>
  fact('OrganizationRegistered', { kind, until: undefined })

/** Where the letter is written: the places exist, the consent was given, the consultation is open. */
export const around = (given: Given, ...past: readonly Fact[]) =>
  given(...past)
    .and('organization', ward, organization('ward'))
    .and('organization', otherWard, organization('ward'))
    .and('organization', hub, organization('hub'))
    .and('organization', otherHub, organization('hub'))
    .and('consent', consent, fact('ConsentGiven'))
    .and('consultation', consultation, fact('ConsultationOpened', { familyId: family }))

export const sent = (changes: Changes = {}): readonly Fact[] => by(partner, fact('ReferralSent', changes))
export const sentByWard = (changes: Changes = {}): readonly Fact[] =>
  by(
    mchCoordinator,
    fact('ReferralSent', {
      ...outletLetter(changes),
      basis: undefined,
      consultationId: undefined,
      sentFrom: ward,
    }),
  )
const answered = (...facts: readonly Fact[]): readonly Fact[] => [...sent(), ...by(mchCoordinator, ...facts)]

const accepted = fact('ReferralAccepted', { implied: undefined })
const reported = fact('ReferralOutcomeReported', {
  outcome: 'inFollowUp',
  final: false,
  outcomeDueOn: '2022-04-17',
})

/** One way into every state of the table. */
export const pasts = {
  draft: [fact('ReferralDrafted')],
  awaitingConsent: [fact('ReferralDrafted'), fact('ReferralConsentRequested')],
  sent: sent(),
  acknowledged: answered(fact('ReferralAcknowledged')),
  infoRequested: answered(fact('ReferralInfoRequested')),
  accepted: answered(accepted),
  inService: answered(accepted, fact('ReferralServiceStarted')),
  outcomeReported: answered(accepted, reported),
  declined: answered(fact('ReferralDeclined')),
  closed: [...answered(accepted, reported), fact('ReferralClosed')],
  withdrawn: [...sent(), fact('ReferralWithdrawn')],
} as const satisfies Record<string, readonly Fact[]>

export type ReferralState = keyof typeof pasts

/** Who answers a referral of the hub, who has sent it, and who stands above them. */
export const receiver: { readonly by: Actor } = { by: mchCoordinator }
export const sender: { readonly by: Actor } = { by: partner }
export const above: { readonly by: Actor } = { by: director }
