import { lifecycleOf } from '#domain/kernel/lifecycle.ts'
import { type CareRequestEvent, careRequestEvents } from './events.ts'
import { EndMatch, ResumeMatch, SuspendMatch } from './matched.ts'
import { AgreeMatch, HoldPreMeeting, RecordPreMeetingNotAgreed, SchedulePreMeeting } from './meeting.ts'
import {
  AcceptCandidate,
  CancelCareRequest,
  DeclineCandidate,
  ProposeCandidate,
  RecordMatchNotReached,
  RequestCare,
} from './searching.ts'
import { type CareRequest, evolve } from './state.ts'

/** 子サポの依頼と成立: dossier 2.6, 3.3. */
export const careRequest = lifecycleOf<CareRequest, CareRequestEvent>()({
  name: 'careRequest',
  collection: 'care-requests',
  titleJa: '子サポの依頼・成立',
  events: careRequestEvents,
  initial: { status: 'none' },
  refusals: {
    'care-request/another-branch': ['This request belongs to another branch.', 404],
    'care-request/no-such-child': ['This child does not belong to the family.', 400],
    'care-request/not-a-provider': 'This member is not a provider.',
    'care-request/provider-not-ready': 'The provider is not active or not trained.',
    'care-request/own-provider': 'A family does not look after its own children for pay.',
    'care-request/candidate-pending':
      'Another candidate has not answered yet; several at once only when it is urgent.',
    'care-request/not-asked': 'This provider was not asked, or has answered.',
    'care-request/provider-not-met': 'The match is agreed with the provider of the pre-meeting.',
    'care-request/no-active-membership': 'The family has no active user membership.',
    'care-request/child-not-eligible':
      'On the day of care the child is younger than day 57 or past 6th grade.',
  },
  familyOf: (state) => (state.status === 'none' ? undefined : state.familyId),
  evolve,
  commands: {
    RequestCare,
    ProposeCandidate,
    AcceptCandidate,
    DeclineCandidate,
    SchedulePreMeeting,
    HoldPreMeeting,
    RecordPreMeetingNotAgreed,
    AgreeMatch,
    RecordMatchNotReached,
    SuspendMatch,
    ResumeMatch,
    EndMatch,
    CancelCareRequest,
  },
})
