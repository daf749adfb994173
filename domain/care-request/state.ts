import type { MembershipId } from '#domain/ids.ts'
import type { Circumstance } from '#domain/kernel/lifecycle.ts'
import { japanDate } from '#domain/kernel/time.ts'
import type { CareRequestEvent } from './events.ts'

type Status =
  | 'requested'
  | 'searching'
  | 'candidateFound'
  | 'preMeetingDone'
  | 'agreed'
  | 'suspended'
  | 'ended'
  | 'notReached'
  | 'cancelled'

export type CareRequest =
  | { readonly status: 'none' }
  | {
      readonly status: Status
      readonly familyId: string
      readonly organizationId: string
      readonly urgency: string
      readonly children?: readonly string[] | undefined
      /** The day of care where one is known: eligibility counts then, not at the request (R-KOS-2). */
      readonly wantedOn?: string | undefined
      readonly candidates: Readonly<Record<string, 'asked' | 'accepted' | 'declined'>>
      readonly met?: MembershipId
      readonly agreed?: { readonly provider: MembershipId; readonly member: MembershipId }
    }
export type Begun = Exclude<CareRequest, { status: 'none' }>

type Steps = {
  [T in CareRequestEvent['type']]: (
    s: CareRequest,
    data: Extract<CareRequestEvent, { type: T }>['data'],
    when: Circumstance,
  ) => CareRequest
}

export const evolve: Steps = {
  CareRequested: (_, { familyId, urgency, children, wantedFrom }, { actor }) => ({
    status: 'requested',
    familyId,
    organizationId: actor.organizationId,
    urgency,
    children,
    wantedOn: wantedFrom && japanDate(wantedFrom),
    candidates: {},
  }),
  CandidateProposed: (s, { provider }) => ({ ...candidate(s, provider, 'asked'), status: 'searching' }),
  CandidateAccepted: (s, { provider }) => ({
    ...candidate(s, provider, 'accepted'),
    status: 'candidateFound',
  }),
  CandidateDeclined: (s, { provider }) => candidate(s, provider, 'declined'),
  PreMeetingScheduled: (s) => s,
  PreMeetingHeld: (s, { provider }) => ({
    ...candidate(s, provider, 'accepted'),
    status: 'preMeetingDone',
    met: provider,
  }),
  PreMeetingNotAgreed: (s) => {
    const { met, ...rest } = begun(s)
    return { ...(met ? candidate(rest, met, 'declined') : rest), status: 'searching' }
  },
  MatchAgreed: (s, { provider, member }) => ({
    ...begun(s),
    status: 'agreed',
    agreed: { provider, member },
  }),
  MatchNotReached: (s) => ({ ...begun(s), status: 'notReached' }),
  MatchSuspended: (s) => ({ ...begun(s), status: 'suspended' }),
  MatchResumed: (s) => ({ ...begun(s), status: 'agreed' }),
  MatchEnded: (s) => ({ ...begun(s), status: 'ended' }),
  CareRequestCancelled: (s) => ({ ...begun(s), status: 'cancelled' }),
}

/** Every event but the first finds the request begun; `decide` sees to it. */
function begun(state: CareRequest): Begun {
  if (state.status === 'none') throw new Error('a care request begins with CareRequested')
  return state
}

const candidate = (
  state: CareRequest,
  provider: string,
  answer: 'asked' | 'accepted' | 'declined',
): Begun => ({
  ...begun(state),
  candidates: { ...begun(state).candidates, [provider]: answer },
})
