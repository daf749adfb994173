import type { ConsentEvent } from '#domain/consent/events.ts'
import type { ConsultationEvent } from '#domain/consultation/events.ts'
import { fold } from '#domain/kernel/lifecycle.ts'
import type { OrganizationEvent } from '#domain/organization/events.ts'

/** What a referral has to know of a consent: its scope, and whether it was taken back. Expiry is a matter of dates. */
export type ConsentView =
  | { readonly status: 'none' }
  | {
      readonly status: 'given' | 'withdrawn'
      readonly familyId: string
      readonly sender: string
      readonly purpose?: string | undefined
      readonly recipients: readonly string[]
      readonly dataClasses: readonly string[]
      readonly people: readonly string[]
      readonly from: string
      readonly until: string
    }

export const consentView = fold<ConsentView, ConsentEvent>(
  'consent',
  { status: 'none' },
  {
    ConsentGiven: (_, data) => ({ status: 'given', ...data }),
    ConsentNarrowed: (consent, scope) => (consent.status === 'none' ? consent : { ...consent, ...scope }),
    ConsentWithdrawn: (consent) =>
      consent.status === 'none' ? consent : { ...consent, status: 'withdrawn' },
  },
)

export type Destination =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'known'
      readonly kind: 'hub' | 'ward' | 'city' | 'partner'
      readonly from: string
      readonly until?: string | undefined
    }

/** Whether somebody is there to receive, and in whose business week. */
export const destinationView = fold<Destination, OrganizationEvent>(
  'organization',
  { status: 'unknown' },
  {
    OrganizationRegistered: (_, { kind, from, until }) => ({ status: 'known', kind, from, until }),
    PartnerRegistered: (_, { from, until }) => ({ status: 'known', kind: 'partner', from, until }),
    PartnerUpdated: (_, { from, until }) => ({ status: 'known', kind: 'partner', from, until }),
  },
)

export type ConsultationView = {
  readonly status: 'none' | 'open' | 'closed'
  readonly familyId?: string | undefined
  readonly organizationId?: string
  readonly openReferrals: Readonly<
    Record<string, { readonly toOrganization?: string | undefined; readonly destinationKind: string }>
  >
}

/** Which referrals of a consultation are open, and to whom (guard G3). */
export const consultationView = fold<ConsultationView, ConsultationEvent>(
  'consultation',
  { status: 'none', openReferrals: {} },
  {
    ConsultationOpened: (view, { familyId }, { actor }) => ({
      ...view,
      status: 'open',
      familyId,
      organizationId: actor.organizationId,
    }),
    ConsultationClosed: (view) => ({ ...view, status: 'closed' }),
    ConsultationReopened: (view) => ({ ...view, status: 'open' }),
    ConsultationLinked: (view, { referralId, ...to }) => ({
      ...view,
      openReferrals: { ...view.openReferrals, [referralId]: to },
    }),
    ConsultationUnlinked: (view, { referralId }) => {
      const { [referralId]: _, ...openReferrals } = view.openReferrals
      return { ...view, openReferrals }
    },
  },
)
