import { lifecycleOf } from '#domain/kernel/lifecycle.ts'
import {
  AcceptReferral,
  AcknowledgeReferral,
  DeclineReferral,
  RedirectReferral,
  RequestReferralInfo,
} from './answering.ts'
import { CloseReferral, DetectReferralOverdue, EscalateReferral, WithdrawReferral } from './ending.ts'
import { type ReferralEvent, referralEvents } from './events.ts'
import { DraftReferral, RequestReferralConsent, SendReferral, SupplyReferralInfo } from './sending.ts'
import { MakeReferralContact, ReportReferralOutcome, StartReferralService } from './serving.ts'
import { evolve, initial, type Referral } from './state.ts'

/** つなぎ: the closed loop between who sends a family on and who receives it (dossier 3.2). Only the sender closes it (R-REF-1). */
export const referral = lifecycleOf<Referral, ReferralEvent>()({
  name: 'referral',
  collection: 'referrals',
  titleJa: 'つなぎ',
  events: referralEvents,
  initial,
  evolve,
  familyOf: (state) => (state.status === 'none' ? undefined : state.familyId),
  commands: {
    DraftReferral,
    RequestReferralConsent,
    SendReferral,
    SupplyReferralInfo,
    AcknowledgeReferral,
    RequestReferralInfo,
    AcceptReferral,
    DeclineReferral,
    RedirectReferral,
    MakeReferralContact,
    StartReferralService,
    ReportReferralOutcome,
    CloseReferral,
    WithdrawReferral,
    EscalateReferral,
    DetectReferralOverdue,
  },
  refusals: {
    'referral/no-basis': 'A referral needs a consent or a statutory basis (G1).',
    'referral/not-covered-by-consent': 'The consent does not cover this referral (G1).',
    'referral/no-destination': 'A referral needs a destination organisation (G2).',
    'referral/destination-not-active': 'The destination does not receive referrals on that day (G2).',
    'referral/already-open': 'A referral to this destination is already open (G3).',
    'referral/consultation-not-open': 'The consultation it comes from is not open here.',
    'referral/information-only': ['Information is not a referral.', 400],
    'referral/not-a-referral': ['Reports are not referrals.', 400],
    'referral/inside-the-hub': ['Inside an organisation cases are assigned, not referred.', 400],
    'referral/direction-does-not-fit': ['The direction does not fit sender and destination.', 400],
    'referral/supersedes-not-declined':
      'The referral to be replaced is not a declined one of the same family.',
    'referral/another-family': ['A referral keeps its family.', 400],
    'referral/not-the-sender': ['Only the sender may do this.', 403],
    'referral/not-the-receiver': ['Only the receiver may do this.', 403],
    'referral/contact-before-acceptance': [
      'The first contact cannot be planned for a day before the acceptance.',
      400,
    ],
    'referral/redirect-leaves-organization':
      'A redirect stays inside the organisation; decline with a suggested destination.',
    'referral/caregiver-withdraws': 'Once accepted, only the caregiver can withdraw.',
    'referral/resolution-does-not-fit': 'This resolution does not fit the state of the referral.',
  },
})
