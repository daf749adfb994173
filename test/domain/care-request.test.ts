import { careRequest } from '#domain/care-request/care-request.ts'
import {
  child,
  coordinator,
  elsewhere,
  family,
  grandmother,
  match,
  mchCoordinator,
  mother,
  newId,
  otherProvider,
  provider,
  sibling,
  system,
  userMembership,
} from '#test/kit/controls.ts'
import { by, type Fact, fact } from '#test/kit/facts.ts'
import { type Given, rulesOf } from '#test/kit/spec.ts'

const rule = rulesOf(careRequest)

const trained = (...changes: readonly Fact[]) => [
  fact('ProviderTrainingCompleted'),
  fact('MembershipRegistered', {
    kind: 'provider',
    familyId: undefined,
    person: undefined,
    orientation: 'group',
  }),
  ...changes,
]
const members = [fact('FamilyRegistered'), fact('FamilyMembershipNoted')]

/** The family of story A with its child, a member; two trained providers. */
const around = (given: Given, ...past: readonly Fact[]) =>
  given(...by(coordinator, ...past))
    .and('family', family, ...members)
    .and('membership', provider, ...trained())
    .and('membership', otherProvider, ...trained())

const a16 = {
  familyId: family,
  activityType: 'care',
  place: 'hiroba',
  reason: 'parentMedical',
  urgency: 'sameOrNextDay',
  wantedFrom: '2022-03-10T00:30:00.000Z',
  wantedTo: '2022-03-10T02:00:00.000Z',
}
const WEDNESDAY = '2022-03-09T10:15+09:00'
const bare = { familyId: family, activityType: 'care', place: 'hiroba' }

const urgent = fact('CareRequested')
const calm = fact('CareRequested', { urgency: 'normal', answerDueAt: undefined })
const asked = fact('CandidateProposed')
const met = fact('PreMeetingHeld')
const agreed = fact('MatchAgreed')

await rule(
  'an urgent request comes before any membership; somebody should be found in two hours (A16, R-KOS-1)',
  (given) =>
    given()
      .when(
        'RequestCare',
        { ...a16, wantedFrom: '2022-03-10T09:30', wantedTo: '2022-03-10T11:00' },
        { by: coordinator, on: WEDNESDAY },
      )
      .emits({ type: 'CareRequested', data: { ...a16, answerDueAt: '2022-03-09T03:15:00.000Z' } }),
)

await rule('other requests have no such clock; a time without offset is the clock in Japan', (given) =>
  given()
    .when('RequestCare', { ...bare, wantedFrom: '2022-03-10T09:30+09:00' })
    .emits({
      type: 'CareRequested',
      data: { ...bare, urgency: 'normal', wantedFrom: '2022-03-10T00:30:00.000Z' },
    }),
)

await rule('care ends after it begins', (given) =>
  given()
    .when('RequestCare', { ...a16, wantedTo: a16.wantedFrom })
    .invalid('/wantedTo'),
)

await rule('the children are of the family', (given) => {
  const known = given().and('family', family, ...members)
  known
    .when('RequestCare', { ...bare, children: [child] })
    .emits({ type: 'CareRequested', data: { ...bare, children: [child], urgency: 'normal' } })
  known
    .when('RequestCare', { ...bare, children: [child, sibling] })
    .rejects('care-request/no-such-child', '/children/1')
})

await rule('kosapo is the hub’s', (given) =>
  given().when('RequestCare', bare, { by: mchCoordinator }).forbidden(),
)

await rule('a trained, active provider is asked', (given) =>
  around(given, calm)
    .when('ProposeCandidate', { provider, distance: '徒歩10分' })
    .emits({ type: 'CandidateProposed', data: { provider, distance: '徒歩10分' } }),
)

await rule('somebody who is no provider is not asked', (given) => {
  around(given, calm)
    .and('membership', provider)
    .when('ProposeCandidate', { provider })
    .rejects('care-request/not-a-provider', '/provider')
  around(given, calm)
    .and('membership', provider, fact('MembershipRegistered'))
    .when('ProposeCandidate', { provider })
    .rejects('care-request/not-a-provider', '/provider')
})

await rule('untrained, lapsed or former providers are not asked', (given) => {
  const untrained = [
    fact('MembershipRegistered', { kind: 'provider', familyId: undefined, person: undefined }),
  ]
  for (const facts of [untrained, trained(fact('MembershipLapsed')), trained(fact('MembershipEnded'))])
    around(given, calm)
      .and('membership', provider, ...facts)
      .when('ProposeCandidate', { provider })
      .rejects('care-request/provider-not-ready', '/provider')
  around(given, calm)
    .and('membership', provider, ...trained(fact('MembershipLapsed'), fact('MembershipRenewed')))
    .when('ProposeCandidate', { provider })
    .emits({ type: 'CandidateProposed', data: { provider } })
})

await rule('a family does not look after its own children for pay', (given) => {
  const register = (changes: Readonly<Record<string, unknown>>) =>
    fact('MembershipRegistered', { kind: 'both', familyId: undefined, person: undefined, ...changes })
  const oriented = fact('KosapoOrientationAttended', { familyId: undefined, person: grandmother })
  for (const own of [
    [register({ familyId: family })],
    [register({ person: mother })],
    [fact('KosapoOrientationAttended'), register({})],
  ])
    around(given, calm)
      .and('membership', provider, fact('ProviderTrainingCompleted'), ...own)
      .when('ProposeCandidate', { provider })
      .rejects('care-request/own-provider', '/provider')
  around(given, calm)
    .and('family', family, ...members, fact('CaregiverAdded'))
    .and('membership', provider, fact('ProviderTrainingCompleted'), oriented, register({}))
    .when('HoldPreMeeting', { provider })
    .rejects('care-request/own-provider', '/provider')
})

await rule('one after the other, unless it is urgent: then several at once', (given) => {
  const next = { provider: otherProvider }
  around(given, calm, asked)
    .when('ProposeCandidate', next)
    .rejects('care-request/candidate-pending', '/provider')
  around(given, calm, asked, fact('CandidateDeclined', { provider }))
    .when('ProposeCandidate', next)
    .emits({ type: 'CandidateProposed', data: next })
  around(given, urgent, asked).when('ProposeCandidate', next).emits({ type: 'CandidateProposed', data: next })
})

await rule('who was asked and has not answered is not asked again', (given) => {
  around(given, calm, asked).when('ProposeCandidate', { provider }).emits()
  around(given, calm, asked, fact('CandidateDeclined', { provider }))
    .when('ProposeCandidate', { provider })
    .emits({ type: 'CandidateProposed', data: { provider } })
})

await rule('who was asked says yes or no; who was not, or has answered, does not', (given) => {
  around(given, calm, asked)
    .when('AcceptCandidate', { provider })
    .emits({ type: 'CandidateAccepted', data: { provider } })
  around(given, calm, asked)
    .when('DeclineCandidate', { provider, reason: '先約がある' })
    .emits({ type: 'CandidateDeclined', data: { provider, reason: '先約がある' } })
  for (const command of ['AcceptCandidate', 'DeclineCandidate']) {
    around(given, calm, asked)
      .when(command, { provider: otherProvider })
      .rejects('care-request/not-asked', '/provider')
    around(given, calm, asked, fact('CandidateDeclined', { provider }))
      .when(command, { provider })
      .rejects('care-request/not-asked')
  }
})

await rule('a pre-meeting is planned and changes nothing yet', (given) =>
  around(given, calm)
    .when('SchedulePreMeeting', { provider, at: '2022-03-09T15:30' })
    .emits({ type: 'PreMeetingScheduled', data: { provider, at: '2022-03-09T06:30:00.000Z' } }),
)

await rule('the pre-meeting implies the steps that nobody recorded', (given) => {
  const held = (implied?: readonly string[]) => ({
    type: 'PreMeetingHeld',
    data: { provider, ...(implied && { implied }) },
  })
  around(given, urgent)
    .when('HoldPreMeeting', { provider })
    .emits(held(['CandidateProposed', 'CandidateAccepted']))
  around(given, urgent, asked)
    .when('HoldPreMeeting', { provider })
    .emits(held(['CandidateAccepted']))
  around(given, urgent, asked, fact('CandidateAccepted')).when('HoldPreMeeting', { provider }).emits(held())
  around(given, urgent, fact('CandidateProposed', { provider: otherProvider }))
    .when('HoldPreMeeting', { provider })
    .emits(held(['CandidateProposed', 'CandidateAccepted']))
})

await rule('they meet a provider', (given) =>
  around(given, urgent)
    .and('membership', provider)
    .when('HoldPreMeeting', { provider })
    .rejects('care-request/not-a-provider'),
)

await rule('either side may rather not: the search goes on, the provider has answered', (given) => {
  around(given, calm, met)
    .when('RecordPreMeetingNotAgreed', { declinedBy: 'user', reason: '家から遠い' })
    .emits({ type: 'PreMeetingNotAgreed', data: { declinedBy: 'user', reason: '家から遠い' } })
  around(given, calm, met, fact('PreMeetingNotAgreed'))
    .when('AcceptCandidate', { provider })
    .rejects('care-request/not-asked')
  around(given, calm, met, fact('PreMeetingNotAgreed'))
    .when('ProposeCandidate', { provider: otherProvider })
    .emits({ type: 'CandidateProposed', data: { provider: otherProvider } })
})

const matched = (data: Readonly<Record<string, unknown>> = {}) => ({
  type: 'MatchAgreed',
  data: { match, provider, member: userMembership, ...data },
})

await rule('a match is agreed with the provider they met (A19)', (given) => {
  around(given, urgent, met).when('AgreeMatch', { match }).emits(matched())
  around(given, urgent, met).when('AgreeMatch', { match, provider }).emits(matched())
  around(given, urgent, met)
    .when('AgreeMatch', {})
    .emits(matched({ match: newId(1) }))
  around(given, urgent, met)
    .when('AgreeMatch', { match, provider: otherProvider })
    .rejects('care-request/provider-not-met', '/provider')
})

await rule('N3: not before registration and pre-meeting', (given) => {
  const unregistered = given(...by(coordinator, urgent, met))
    .and('family', family, fact('FamilyRegistered'))
    .and('membership', provider, ...trained())
  unregistered.when('AgreeMatch', { match }).rejects('care-request/no-active-membership')
  for (const past of [[urgent], [urgent, asked], [urgent, asked, fact('CandidateAccepted')]])
    around(given, ...past)
      .when('AgreeMatch', { match })
      .rejects('care-request/illegal-transition')
})

await rule('both memberships are active on that date', (given) => {
  const without = (...noted: readonly Fact[]) =>
    around(given, urgent, met)
      .and('family', family, fact('FamilyRegistered'), ...noted)
      .when('AgreeMatch', { match })
  without(fact('FamilyMembershipNoted', { active: false })).rejects('care-request/no-active-membership')
  without(fact('FamilyMembershipNoted'), fact('FamilyMembershipNoted', { active: false })).rejects(
    'care-request/no-active-membership',
  )
  without(fact('FamilyMembershipNoted', { kind: 'provider' })).rejects('care-request/no-active-membership')
  without(fact('FamilyMembershipNoted', { kind: 'both' })).emits(matched())
  around(given, urgent, met)
    .and('membership', provider, ...trained(fact('MembershipLapsed')))
    .when('AgreeMatch', { match })
    .rejects('care-request/provider-not-ready', '/provider')
})

await rule('the provider’s training is complete', (given) =>
  around(given, urgent, met)
    .and(
      'membership',
      provider,
      fact('MembershipRegistered', { kind: 'provider', familyId: undefined, person: undefined }),
    )
    .when('AgreeMatch', { match })
    .rejects('care-request/provider-not-ready', '/provider'),
)

const careOn = (given: Given, day: string, birthDate: string, on = '2022-01-10') =>
  around(given, fact('CareRequested', { wantedFrom: `${day}T00:30:00.000Z`, wantedTo: undefined }), met)
    .and(
      'family',
      family,
      fact('FamilyRegistered', { children: [{ personId: child, birthDate }] }),
      fact('FamilyMembershipNoted'),
    )
    .when('AgreeMatch', { match }, { on })

await rule(
  'day 57 counts on the day of care: 2022-02-01 is too early, 2022-02-02 is not (R-KOS-2)',
  (given) => {
    careOn(given, '2022-02-01', '2021-12-07').rejects('care-request/child-not-eligible')
    careOn(given, '2022-02-01', '2021-12-07', '2022-03-01').rejects('care-request/child-not-eligible')
    careOn(given, '2022-02-02', '2021-12-07').emits(matched())
  },
)

await rule('the day of care is the day in Japan', (given) =>
  around(given, fact('CareRequested', { wantedFrom: '2022-02-01T15:00:00.000Z', wantedTo: undefined }), met)
    .and('family', family, ...members)
    .when('AgreeMatch', { match }, { on: '2022-01-10' })
    .emits(matched()),
)

await rule('without a day of care the day of the agreement counts', (given) => {
  const undated = fact('CareRequested', { wantedFrom: undefined, wantedTo: undefined })
  around(given, undated, met)
    .when('AgreeMatch', { match }, { on: '2022-02-01' })
    .rejects('care-request/child-not-eligible')
  around(given, undated, met).when('AgreeMatch', { match }, { on: '2022-02-02' }).emits(matched())
})

await rule('up to the end of 6th grade: who was born on 1 April leaves a year earlier', (given) => {
  careOn(given, '2022-03-31', '2009-04-02').emits(matched())
  careOn(given, '2022-04-01', '2009-04-02').rejects('care-request/child-not-eligible')
  careOn(given, '2022-03-31', '2010-04-01').emits(matched())
  careOn(given, '2022-04-01', '2010-04-01').rejects('care-request/child-not-eligible')
  careOn(given, '2022-04-01', '2010-04-02').emits(matched())
  careOn(given, '2022-03-31', '2009-04-01').rejects('care-request/child-not-eligible')
})

await rule('every child named must be of age; where none is named, one of the family’s', (given) => {
  const twoChildren = fact('FamilyRegistered', {
    children: [
      { personId: child, birthDate: '2021-12-07' },
      { personId: sibling, birthDate: '2005-05-11' },
    ],
  })
  const agree = (children: readonly string[] | undefined) =>
    around(given, fact('CareRequested', { children }), met)
      .and('family', family, twoChildren, fact('FamilyMembershipNoted'))
      .when('AgreeMatch', { match }, { on: '2022-03-09' })
  agree([child]).emits(matched())
  agree([child, sibling]).rejects('care-request/child-not-eligible')
  agree(undefined).emits(matched())
})

await rule('a birth date that was corrected, or a child added later, counts', (given) => {
  const family2 = [fact('FamilyRegistered', { children: [] }), fact('FamilyMembershipNoted')]
  const born = fact('ChildAdded', { child: { personId: child, birthDate: '2022-02-01' } })
  const corrected = fact('FamilyProfileUpdated', { children: [{ personId: child, birthDate: '2022-01-01' }] })
  const agree = (...facts: readonly Fact[]) =>
    around(given, urgent, met)
      .and('family', family, ...family2, ...facts)
      .when('AgreeMatch', { match }, { on: '2022-03-09' })
  agree().rejects('care-request/child-not-eligible')
  agree(born).rejects('care-request/child-not-eligible')
  agree(born, corrected).emits(matched())
})

await rule('nobody found: other services are offered (R-KOS-4)', (given) => {
  const failed = { reason: '平日の朝に動ける提供会員がいない', offered: ['temporaryCare'] }
  for (const past of [[urgent], [urgent, asked]])
    around(given, ...past)
      .when('RecordMatchNotReached', failed)
      .emits({ type: 'MatchNotReached', data: failed })
  around(given, urgent)
    .when('RecordMatchNotReached', {})
    .emits({ type: 'MatchNotReached', data: { offered: [] } })
})

await rule('the family cancels before they meet', (given) => {
  for (const past of [[urgent], [urgent, asked], [urgent, asked, fact('CandidateAccepted')]])
    around(given, ...past)
      .when('CancelCareRequest', {})
      .emits({ type: 'CareRequestCancelled', data: {} })
  around(given, urgent, met).when('CancelCareRequest', {}).rejects('care-request/illegal-transition')
})

await rule('a match rests and goes on when both members are active again', (given) => {
  const resting = [urgent, met, agreed, fact('MatchSuspended')]
  around(given, urgent, met, agreed)
    .when('SuspendMatch', { reason: '体調不良' })
    .emits({ type: 'MatchSuspended', data: { reason: '体調不良' } })
  around(given, urgent, met, agreed)
    .when('SuspendMatch', { reason: 'membershipLapsed' }, { by: system })
    .emits({ type: 'MatchSuspended', data: { reason: 'membershipLapsed' } })
  around(given, ...resting)
    .when('ResumeMatch', {})
    .emits({ type: 'MatchResumed', data: {} })
  around(given, ...resting)
    .and('membership', provider, ...trained(fact('MembershipLapsed')))
    .when('ResumeMatch', {})
    .rejects('care-request/provider-not-ready')
  around(given, ...resting)
    .and('family', family, fact('FamilyRegistered'))
    .when('ResumeMatch', {})
    .rejects('care-request/no-active-membership')
})

await rule('a match ends for one of the table’s reasons', (given) => {
  for (const reason of ['finished', 'moved', 'ageLimit', 'membershipEnded', 'incompatibility'])
    for (const past of [
      [urgent, met, agreed],
      [urgent, met, agreed, fact('MatchSuspended')],
    ])
      around(given, ...past)
        .when('EndMatch', { reason })
        .emits({ type: 'MatchEnded', data: { reason } })
  around(given, urgent, met, agreed).when('EndMatch', { reason: 'bored' }).invalid('/reason')
})

await rule('N9: who comes second sees that it is agreed', (given) =>
  around(given, urgent, met, agreed).when('AgreeMatch', { match }).rejects('care-request/illegal-transition'),
)

await rule('another branch does not get to know that the request exists', (given) => {
  const tries = [
    [[calm], 'ProposeCandidate', { provider }],
    [[calm, asked], 'AcceptCandidate', { provider }],
    [[calm, asked], 'DeclineCandidate', { provider }],
    [[calm], 'SchedulePreMeeting', { provider, at: '2022-03-09T15:30' }],
    [[calm], 'HoldPreMeeting', { provider }],
    [[calm, met], 'RecordPreMeetingNotAgreed', {}],
    [[calm, met], 'AgreeMatch', {}],
    [[calm], 'RecordMatchNotReached', {}],
    [[calm, met, agreed], 'SuspendMatch', { reason: '体調不良' }],
    [[calm, met, agreed, fact('MatchSuspended')], 'ResumeMatch', {}],
    [[calm, met, agreed], 'EndMatch', { reason: 'finished' }],
    [[calm], 'CancelCareRequest', {}],
  ] as const
  for (const [past, command, data] of tries)
    around(given, ...past)
      .when(command, data, { by: elsewhere })
      .rejects('care-request/another-branch')
})
