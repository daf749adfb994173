import { consultation } from '#domain/consultation/consultation.ts'
import {
  earlierReferral,
  elsewhere,
  family,
  mchCoordinator,
  nakamura,
  notice,
  otherFamily,
  otherNotice,
  partner,
  referral,
  system,
  ward,
  watchOver,
} from '#test/kit/controls.ts'
import { by, type Fact, fact } from '#test/kit/facts.ts'
import { rulesOf } from '#test/kit/spec.ts'

const rule = rulesOf(consultation)

const a10 = {
  familyId: family,
  trigger: 'conversationShift',
  service: 'userSupport',
  topics: ['caregiverMentalHealth', 'sleepRhythm'],
}
const opened = fact('ConsultationOpened')
const proposed = fact('ConsultationProposalMade')
const linked = (referralId: string) => fact('ConsultationLinked', { referralId })
const pasts: Readonly<Record<string, readonly Fact[]>> = {
  open: [opened],
  awaitingCaregiver: [opened, proposed],
  linking: [opened, linked(referral)],
  closed: [opened, fact('ConsultationClosed')],
}

await rule('a conversation becomes a consultation: the trigger is known (A10, C10)', (given) => {
  given().when('OpenConsultation', a10).emits({ type: 'ConsultationOpened', data: a10 })
  given()
    .when('OpenConsultation', { ...a10, trigger: undefined })
    .invalid('/trigger')
  const c10 = { ...a10, trigger: 'caregiverReady', watchOver }
  given().when('OpenConsultation', c10).emits({ type: 'ConsultationOpened', data: c10 })
})

await rule('the topic may come later, and nobody has to be named', (given) => {
  const bare = { trigger: 'alongsideVisit', service: 'hirobaTalk' }
  given()
    .when('OpenConsultation', bare)
    .emits({ type: 'ConsultationOpened', data: { ...bare, topics: [] } })
})

await rule('the ward opens consultations of its own', (given) =>
  given()
    .when('OpenConsultation', a10, { by: mchCoordinator })
    .emits({ type: 'ConsultationOpened', data: a10 }),
)

await rule('it may come from notices of the same family, made at the same hub', (given) => {
  const from = (...noticeRefs: readonly string[]) =>
    given()
      .and('notice', notice, ...by(nakamura, fact('NoticeRecorded')))
      .and('notice', otherNotice, fact('NoticeRecorded', { familyId: otherFamily }))
      .when('OpenConsultation', { ...a10, noticeRefs })
  from(notice).emits({ type: 'ConsultationOpened', data: { ...a10, noticeRefs: [notice] } })
  from(notice, otherNotice).rejects('consultation/notice-elsewhere', '/noticeRefs')
  given()
    .and('notice', notice, ...by(elsewhere, fact('NoticeRecorded')))
    .when('OpenConsultation', { ...a10, noticeRefs: [notice] })
    .rejects('consultation/notice-elsewhere', '/noticeRefs')
  given()
    .when('OpenConsultation', { ...a10, noticeRefs: [notice] })
    .rejects('consultation/notice-elsewhere', '/noticeRefs')
})

await rule('a chat on the floor is opened, held and closed in one go (R-CON-1)', (given) => {
  const chat = { trigger: 'alongsideVisit', service: 'hirobaTalk' }
  given()
    .when(
      'RecordChat',
      { ...chat, channel: 'inPersonHiroba', topics: ['toilet'], minutes: 5, responses: ['advised'] },
      { by: nakamura },
    )
    .emits(
      { type: 'ConsultationOpened', data: { ...chat, channel: 'inPersonHiroba', topics: ['toilet'] } },
      {
        type: 'ConsultationSessionRecorded',
        data: { channel: 'inPersonHiroba', topics: ['toilet'], minutes: 5, responses: ['advised'] },
      },
      { type: 'ConsultationClosed', data: { closeReason: 'その場で対応' } },
    )
  given()
    .when('RecordChat', chat)
    .emits(
      { type: 'ConsultationOpened', data: { ...chat, topics: [] } },
      { type: 'ConsultationSessionRecorded', data: { topics: [], responses: [] } },
      { type: 'ConsultationClosed', data: { closeReason: 'その場で対応' } },
    )
})

await rule('on dv and worries about abuse the check must be answered (R-CON-2)', (given) => {
  for (const topic of ['dv', 'abuseWorry', 'dv/stalking']) {
    given(opened)
      .when('RecordConsultationSession', { topics: [topic] })
      .invalid('/abuseCheck')
    given()
      .when('RecordChat', { trigger: 'outreach', service: 'hirobaTalk', topics: [topic] })
      .invalid('/abuseCheck')
    given(opened)
      .when('RecordConsultationSession', { topics: [topic], abuseCheck: 'unsure' })
      .emits({
        type: 'ConsultationSessionRecorded',
        data: { topics: [topic], responses: [], abuseCheck: 'unsure' },
      })
  }
})

await rule('a session is recorded while open, choosing or linking; it changes nothing else', (given) => {
  const session = {
    channel: 'phone',
    minutes: 20,
    topics: ['sleepRhythm', 'toilet'],
    responses: ['listened'],
  }
  for (const state of ['open', 'awaitingCaregiver', 'linking'])
    given(...(pasts[state] ?? []))
      .when('RecordConsultationSession', session)
      .emits({ type: 'ConsultationSessionRecorded', data: session })
  given(...(pasts.closed ?? []))
    .when('RecordConsultationSession', session)
    .rejects('consultation/illegal-transition')
})

const options = [
  { option: 'A', destinationKind: 'wardMchCoordinator' },
  { option: '何もしない', nothingNow: true },
]

await rule('options are proposed, "nothing now" among them', (given) => {
  given(opened)
    .when('MakeConsultationProposal', { options })
    .emits({ type: 'ConsultationProposalMade', data: { options } })
  given(opened).when('MakeConsultationProposal', { options: [] }).invalid('/options')
  given(opened)
    .when('MakeConsultationProposal', { options: [{ option: 'A' }, { option: 'A' }] })
    .invalid('/options')
})

await rule('"not now" and "no" are ordinary answers', (given) => {
  for (const choice of ['chosen', 'notNow', 'declined'])
    given(opened, proposed)
      .when('RecordCaregiverChoice', { choices: [{ option: 'A', choice }], words: 'うん' })
      .emits({ type: 'CaregiverChoiceRecorded', data: { choices: [{ option: 'A', choice }], words: 'うん' } })
})

await rule('only what was proposed is chosen', (given) => {
  given(opened, proposed)
    .when('RecordCaregiverChoice', {
      choices: [
        { option: 'A', choice: 'chosen' },
        { option: 'Z', choice: 'notNow' },
      ],
    })
    .rejects('consultation/not-proposed', '/choices/1/option')
  given(opened)
    .when('RecordCaregiverChoice', { choices: [{ option: 'A', choice: 'chosen' }] })
    .rejects('consultation/illegal-transition')
})

await rule('it is closed with a reason, also while the caregiver is choosing', (given) => {
  const closing = { closeReason: '落ち着いた' }
  for (const state of ['open', 'awaitingCaregiver'])
    given(...(pasts[state] ?? []))
      .when('CloseConsultation', closing)
      .emits({ type: 'ConsultationClosed', data: closing })
  given(opened).when('CloseConsultation', {}).invalid('/closeReason')
})

await rule('while a referral of it is open it is not closed', (given) => {
  given(...(pasts.linking ?? []))
    .when('CloseConsultation', { closeReason: '終わり' })
    .rejects('consultation/illegal-transition')
  given(opened, proposed, linked(referral))
    .when('CloseConsultation', { closeReason: '終わり' })
    .rejects('consultation/illegal-transition')
})

await rule('the same topic returns: it is reopened', (given) => {
  given(...(pasts.closed ?? []))
    .when('ReopenConsultation', {})
    .emits({ type: 'ConsultationReopened', data: {} })
  given(opened).when('ReopenConsultation', {}).rejects('consultation/illegal-transition')
})

await rule('another organisation does not get to know that it exists', (given) => {
  const tries = [
    ['open', 'RecordConsultationSession', {}],
    ['open', 'MakeConsultationProposal', { options }],
    ['awaitingCaregiver', 'RecordCaregiverChoice', { choices: [{ option: 'A', choice: 'chosen' }] }],
    ['open', 'CloseConsultation', { closeReason: '終わり' }],
    ['closed', 'ReopenConsultation', {}],
  ] as const
  for (const [state, command, data] of tries)
    for (const by of [elsewhere, mchCoordinator])
      given(...(pasts[state] ?? []))
        .when(command, data, { by })
        .rejects('consultation/another-organization')
})

await rule('whoever listens first may hand over inside the hub (R-CON-4)', (given) =>
  given(...by(nakamura, opened))
    .when('CloseConsultation', { closeReason: '終わり' }, { by: partner })
    .emits({ type: 'ConsultationClosed', data: { closeReason: '終わり' } }),
)

const link = { referralId: referral, toOrganization: ward, destinationKind: 'wardMchCoordinator' }
const bySystem = { by: system }

await rule('with a referral sent it is linking, from open and from choosing', (given) => {
  for (const state of ['open', 'awaitingCaregiver'])
    given(...(pasts[state] ?? []))
      .when('LinkConsultation', link, bySystem)
      .emits({ type: 'ConsultationLinked', data: link })
  given(opened, linked(earlierReferral))
    .when('LinkConsultation', link, bySystem)
    .emits({ type: 'ConsultationLinked', data: link })
})

await rule('the same referral is linked once', (given) =>
  given(opened, linked(referral)).when('LinkConsultation', link, bySystem).emits(),
)

await rule('an open referral never hangs on a closed consultation', (given) =>
  given(...(pasts.closed ?? []))
    .when('LinkConsultation', link, bySystem)
    .emits({ type: 'ConsultationReopened', data: {} }, { type: 'ConsultationLinked', data: link }),
)

await rule('with the last open referral it is open again', (given) => {
  given(opened, linked(referral))
    .when('UnlinkConsultation', { referralId: referral }, bySystem)
    .emits({ type: 'ConsultationUnlinked', data: { referralId: referral, stillLinking: false } })
  given(opened, linked(referral), linked(earlierReferral))
    .when('UnlinkConsultation', { referralId: referral }, bySystem)
    .emits({ type: 'ConsultationUnlinked', data: { referralId: referral, stillLinking: true } })
  given(opened, linked(referral), fact('ConsultationUnlinked'))
    .when('CloseConsultation', { closeReason: '終わり' })
    .emits({ type: 'ConsultationClosed', data: { closeReason: '終わり' } })
  given(
    opened,
    linked(earlierReferral),
    linked(referral),
    fact('ConsultationUnlinked', { stillLinking: true }),
  )
    .when('CloseConsultation', { closeReason: '終わり' })
    .rejects('consultation/illegal-transition')
})

await rule('what was never linked, or is unlinked already, changes nothing', (given) => {
  given(opened).when('UnlinkConsultation', { referralId: referral }, bySystem).emits()
  given(opened, linked(referral), fact('ConsultationUnlinked'))
    .when('UnlinkConsultation', { referralId: referral }, bySystem)
    .emits()
})

await rule('links are made by the system alone', (given) => {
  given(opened).when('LinkConsultation', link).forbidden()
  given(opened).when('UnlinkConsultation', { referralId: referral }).forbidden()
})
