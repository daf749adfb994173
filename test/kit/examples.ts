import { careRequest } from '#domain/care-request/care-request.ts'
import { consent } from '#domain/consent/consent.ts'
import { consultation } from '#domain/consultation/consultation.ts'
import type { StreamName } from '#domain/kernel/event.ts'
import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import type { Actor } from '#domain/kernel/metadata.ts'
import { membership } from '#domain/membership/membership.ts'
import { referral } from '#domain/referral/referral.ts'
import * as c from './controls.ts'
import { type Fact, fact } from './facts.ts'
import { letter, organization, pasts as referralPasts } from './referrals.ts'

type Ask = { readonly data?: unknown; readonly by?: Actor }

/** A lifecycle with a table: a way into each of its states, and for each command a request that only the state can refuse. */
export type Example = {
  readonly lifecycle: Lifecycle
  readonly id: string
  readonly pasts: Readonly<Record<string, readonly Fact[]>>
  readonly asks: Readonly<Record<string, Ask | ((state: string) => Ask)>>
  /** Commands of the system that find things "already so" where a person would be refused. */
  readonly quiet?: readonly string[]
}

const trainedProvider = [
  fact('ProviderTrainingCompleted'),
  fact('MembershipRegistered', { kind: 'provider', familyId: undefined, person: undefined }),
]

/** Everything else of story A, as far as a decision may look at it. */
export const world: ReadonlyMap<StreamName, readonly Fact[]> = new Map([
  [`family-${c.family}`, [fact('FamilyRegistered'), fact('FamilyMembershipNoted')]],
  [`organization-${c.ward}`, [organization('ward')]],
  [`organization-${c.hub}`, [organization('hub')]],
  [`consent-${c.consent}`, [fact('ConsentGiven')]],
  [`consultation-${c.consultation}`, [fact('ConsultationOpened')]],
  [`notice-${c.notice}`, [fact('NoticeRecorded')]],
  [`membership-${c.provider}`, trainedProvider],
  [`membership-${c.otherProvider}`, trainedProvider],
] as const)

const receiver = { by: c.mchCoordinator }
const coordinator = { by: c.coordinator }
const system = { by: c.system }
const isDeclined = (state: string) => state === 'declined'
const isTaken = (state: string) => state === 'accepted' || state === 'inService'

/** A clock that runs in this state; in the others it is the first contact. */
const runningIn: Readonly<Record<string, unknown>> = {
  inService: { clock: 'outcome', dueOn: '2022-03-20' },
  outcomeReported: { clock: 'outcome', dueOn: '2022-04-17' },
  declined: { clock: 'resend', dueOn: '2022-02-19' },
}

const ofReferral: Example = {
  lifecycle: referral,
  id: c.referral,
  pasts: referralPasts,
  quiet: ['DetectReferralOverdue'],
  asks: {
    DraftReferral: { data: letter() },
    RequestReferralConsent: { data: { recipients: [c.ward], dataClasses: ['contact'] } },
    SendReferral: { data: letter() },
    SupplyReferralInfo: { data: { answer: 'はい' } },
    AcknowledgeReferral: receiver,
    RequestReferralInfo: { data: { question: '里帰りの予定は' }, ...receiver },
    AcceptReferral: { data: { assignee: 'ogawa', plannedContactOn: '2023-02-21' }, ...receiver },
    DeclineReferral: { data: { reason: 'capacity' }, ...receiver },
    RedirectReferral: { data: { toDesk: 'districtNurse' }, ...receiver },
    MakeReferralContact: { data: { result: 'reached' }, ...receiver },
    StartReferralService: receiver,
    ReportReferralOutcome: { data: { outcome: 'connected' }, ...receiver },
    CloseReferral: (state) => ({
      data: {
        resolution: isDeclined(state) ? 'handledByHub' : 'completed',
        ...(isTaken(state) && { outcomeWithheld: true }),
      },
    }),
    WithdrawReferral: (state) => ({ data: { withdrawnBy: isTaken(state) ? 'caregiver' : 'sender' } }),
    EscalateReferral: { data: { to: 'wardManager', reason: 'overdue' }, by: c.director },
    DetectReferralOverdue: (state) => ({
      data: runningIn[state] ?? { clock: 'firstContact', dueOn: '2022-02-22' },
      ...system,
    }),
  },
}

const opened = fact('ConsultationOpened')
const linked = fact('ConsultationLinked')
const ofConsultation: Example = {
  lifecycle: consultation,
  id: c.consultation,
  quiet: ['LinkConsultation', 'UnlinkConsultation'],
  pasts: {
    open: [opened],
    awaitingCaregiver: [opened, fact('ConsultationProposalMade')],
    linking: [opened, linked],
    closed: [opened, fact('ConsultationClosed')],
  },
  asks: {
    OpenConsultation: { data: { trigger: 'outreach', service: 'hirobaTalk' } },
    RecordChat: { data: { trigger: 'outreach', service: 'hirobaTalk' } },
    RecordConsultationSession: {},
    MakeConsultationProposal: { data: { options: [{ option: 'A' }] } },
    RecordCaregiverChoice: { data: { choices: [{ option: 'A', choice: 'chosen' }] } },
    CloseConsultation: { data: { closeReason: '落ち着いた' } },
    ReopenConsultation: {},
    LinkConsultation: (state) => ({
      data: { referralId: state === 'linking' ? c.laterReferral : c.referral, destinationKind: 'medical' },
      ...system,
    }),
    UnlinkConsultation: { data: { referralId: c.referral }, ...system },
  },
}

const ofConsent: Example = {
  lifecycle: consent,
  id: c.consent,
  quiet: ['ExpireConsent'],
  pasts: {
    active: [fact('ConsentGiven')],
    declined: [fact('ConsentDeclined')],
    withdrawn: [fact('ConsentGiven'), fact('ConsentWithdrawn')],
    expired: [fact('ConsentGiven'), fact('ConsentExpired')],
  },
  asks: {
    GiveConsent: {
      data: {
        familyId: c.family,
        recipients: [c.ward],
        dataClasses: ['contact'],
        people: [c.mother],
        method: 'written',
      },
    },
    DeclineConsent: {
      data: { familyId: c.family, recipients: [c.ward], dataClasses: ['contact'], people: [c.mother] },
    },
    NarrowConsent: { data: { people: [c.mother] } },
    WithdrawConsent: {},
    ExpireConsent: { data: { until: '2022-08-31' }, ...system },
  },
}

const requested = fact('CareRequested')
const proposed = fact('CandidateProposed')
const met = fact('PreMeetingHeld')
const agreed = fact('MatchAgreed')
const ofCareRequest: Example = {
  lifecycle: careRequest,
  id: c.careRequest,
  pasts: {
    requested: [requested],
    searching: [requested, proposed],
    candidateFound: [requested, proposed, fact('CandidateAccepted')],
    preMeetingDone: [requested, met],
    agreed: [requested, met, agreed],
    suspended: [requested, met, agreed, fact('MatchSuspended')],
    ended: [requested, met, agreed, fact('MatchEnded')],
    notReached: [requested, fact('MatchNotReached')],
    cancelled: [requested, fact('CareRequestCancelled')],
  },
  asks: {
    RequestCare: { data: { familyId: c.family, activityType: 'care', place: 'hiroba' }, ...coordinator },
    ProposeCandidate: { data: { provider: c.otherProvider }, ...coordinator },
    AcceptCandidate: { data: { provider: c.provider }, ...coordinator },
    DeclineCandidate: { data: { provider: c.provider }, ...coordinator },
    SchedulePreMeeting: { data: { provider: c.provider, at: '2022-03-09T15:30' }, ...coordinator },
    HoldPreMeeting: { data: { provider: c.provider }, ...coordinator },
    RecordPreMeetingNotAgreed: coordinator,
    AgreeMatch: coordinator,
    RecordMatchNotReached: coordinator,
    SuspendMatch: { data: { reason: '体調不良' }, ...coordinator },
    ResumeMatch: coordinator,
    EndMatch: { data: { reason: 'finished' }, ...coordinator },
    CancelCareRequest: coordinator,
  },
}

const registered = fact('MembershipRegistered')
const ofMembership: Example = {
  lifecycle: membership,
  id: c.userMembership,
  pasts: {
    oriented: [fact('KosapoOrientationAttended')],
    active: [registered],
    lapsed: [registered, fact('MembershipLapsed')],
    ended: [registered, fact('MembershipEnded')],
  },
  asks: {
    AttendOrientation: coordinator,
    CompleteProviderTraining: coordinator,
    RegisterMembership: {
      data: { familyId: c.family, kind: 'user', orientation: 'individual' },
      ...coordinator,
    },
    RenewMembership: coordinator,
    ChangeMembershipKind: { data: { kind: 'user/low' }, ...coordinator },
    LapseMembership: system,
    EndMembership: { data: { reason: '市外へ転出' }, ...coordinator },
  },
}

export const examples: Readonly<Record<string, Example>> = {
  referral: ofReferral,
  consultation: ofConsultation,
  consent: ofConsent,
  careRequest: ofCareRequest,
  membership: ofMembership,
}

export const askFor = ({ asks, lifecycle }: Example, command: string, state: string): Ask => {
  const ask = asks[command]
  if (!ask) throw new Error(`no example of ${lifecycle.name} ${command}`)
  return typeof ask === 'function' ? ask(state) : ask
}

export const pastOf = ({ pasts }: Example, state: string): readonly Fact[] => pasts[state] ?? []
