import type { OpeningWeek } from '#domain/calendar/business-days.ts'
import { type Circumstance, fold } from '#domain/kernel/lifecycle.ts'
import type { Clock, ReferralEvent } from './events.ts'

type Envelope = Extract<ReferralEvent, { type: 'ReferralSent' }>['data']

export type ReferralStatus =
  | 'draft'
  | 'awaitingConsent'
  | 'sent'
  | 'acknowledged'
  | 'infoRequested'
  | 'accepted'
  | 'inService'
  | 'outcomeReported'
  | 'declined'
  | 'closed'
  | 'withdrawn'

export type Due = { readonly on: string; readonly at?: string | undefined }

export type Begun = {
  readonly status: ReferralStatus
  readonly familyId: string
  /** Whom it is about, where that was said. */
  readonly people?: readonly string[] | undefined
  readonly consultationId?: string | undefined
  readonly linkLevel: string
  readonly urgency: string
  readonly from: { readonly organizationId: string; readonly staffId: string }
  readonly to: { readonly organizationId?: string | undefined; readonly kind: string; readonly desk?: string }
  readonly basis?: string | undefined
  readonly legalBasis?: string | undefined
  /** Clocks that are running, each with its last good day. */
  readonly running: Readonly<Partial<Record<Clock, Due>>>
  /** `clock@day` of every miss that has been noted. */
  readonly missed: readonly string[]
  readonly decisionDaysLeft?: number | undefined
  readonly outcome?: string
  readonly supersedes?: string | undefined
  /** Before, it is nobody's but the sender's. */
  readonly sent: boolean
}

export type Referral = { readonly status: 'none' } | Begun

export const initial: Referral = { status: 'none' }

type Steps = { [T in ReferralEvent['type']]: (s: Referral, data: DataOf<T>, when: Circumstance) => Referral }
type DataOf<T extends ReferralEvent['type']> = Extract<ReferralEvent, { type: T }>['data']

export const evolve: Steps = {
  ReferralDrafted: (_, data, when) => begin(data, 'draft', when),
  ReferralConsentRequested: (s) => ({ ...begun(s), status: 'awaitingConsent' }),
  ReferralSent: (_, data, when) => ({
    ...begin(data, 'sent', when),
    running: clocksOf({ ack: due(data.ackDueOn, data.ackDueAt), firstContact: due(data.firstContactDueOn) }),
  }),
  ReferralAcknowledged: (s, { decisionDueOn }) => ({
    ...stop(s, 'ack', { decision: due(decisionDueOn) }),
    status: 'acknowledged',
  }),
  ReferralInfoRequested: (s, { decisionDaysLeft }) => ({
    ...stop(stop(s, 'ack'), 'decision'),
    status: 'infoRequested',
    decisionDaysLeft,
  }),
  ReferralInfoSupplied: (s, { decisionDueOn }) => ({
    ...start(s, { decision: due(decisionDueOn) }),
    status: 'acknowledged',
  }),
  ReferralAccepted: (s, { outcomeDueOn }) => ({
    ...stop(stop(s, 'ack'), 'decision', { outcome: due(outcomeDueOn) }),
    status: 'accepted',
  }),
  ReferralDeclined: (s, { resendDueOn }) => ({
    ...begun(s),
    running: clocksOf({ resend: due(resendDueOn) }),
    status: 'declined',
  }),
  ReferralRedirected: (s, { toDesk, ackDueOn, ackDueAt }) => {
    const before = stop(stop(s, 'ack'), 'decision')
    return {
      ...start(before, { ack: due(ackDueOn, ackDueAt) }),
      status: 'sent',
      to: { ...before.to, desk: toDesk },
    }
  },
  ReferralContactMade: (s, { result }) => (result === 'reached' ? stop(s, 'firstContact') : s),
  ReferralServiceStarted: (s) => ({ ...stop(s, 'firstContact'), status: 'inService' }),
  ReferralOutcomeReported: (s, { outcome, outcomeDueOn }) => ({
    ...stop(stop(s, 'firstContact'), 'outcome', { outcome: due(outcomeDueOn) }),
    status: 'outcomeReported',
    outcome,
  }),
  ReferralClosed: (s) => ({ ...begun(s), status: 'closed', running: {} }),
  ReferralWithdrawn: (s) => ({ ...begun(s), status: 'withdrawn', running: {} }),
  ReferralOverdueDetected: (s, { clock, dueOn }) => ({
    ...begun(s),
    missed: [...begun(s).missed, `${clock}@${dueOn}`],
  }),
  ReferralEscalated: (s) => s,
}

/** Another referral as a decision about this one sees it: the one that `supersedes` names. */
export const referralView = fold<Referral, ReferralEvent>('referral', initial, evolve)

/** Every event but the first finds the referral begun; `decide` sees to it. */
export function begun(state: Referral): Begun {
  if (state.status === 'none') throw new Error('a referral begins with ReferralDrafted or ReferralSent')
  return state
}

function begin(data: Omit<Envelope, 'sentFrom'>, status: ReferralStatus, { actor }: Circumstance): Begun {
  return {
    status,
    familyId: data.familyId,
    people: data.people,
    consultationId: data.consultationId,
    linkLevel: data.linkLevel,
    urgency: data.urgency,
    from: { organizationId: actor.organizationId, staffId: actor.staffId },
    to: { organizationId: data.toOrganization, kind: data.destinationKind },
    basis: data.basis,
    legalBasis: data.legalBasis,
    supersedes: data.supersedes,
    sent: status === 'sent',
    running: {},
    missed: [],
  }
}

const due = (on: string | undefined, at?: string | undefined): Due | undefined =>
  on === undefined ? undefined : { on, at }

type Clocks = { readonly [C in Clock]?: Due | undefined }

const clocksOf = (clocks: Clocks): Begun['running'] =>
  Object.fromEntries(Object.entries(clocks).filter(([, limit]) => limit !== undefined))

const start = (state: Referral, clocks: Clocks): Begun => ({
  ...begun(state),
  running: { ...begun(state).running, ...clocksOf(clocks) },
})

function stop(state: Referral, clock: Clock, next: Clocks = {}): Begun {
  const { [clock]: _, ...running } = begun(state).running
  return start({ ...begun(state), running }, next)
}

/** Hubs keep Tuesday–Saturday; ward offices and everybody else Monday–Friday (R-LIF-3). */
export const weekOf = (kind: string | undefined): OpeningWeek => (kind === 'hub' ? 'hub' : 'ward')
