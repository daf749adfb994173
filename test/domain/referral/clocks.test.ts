import { mchCoordinator, system } from '#test/kit/controls.ts'
import { by, type Fact, fact } from '#test/kit/facts.ts'
import {
  around,
  letter,
  outletLetter,
  receiver,
  rule,
  sender,
  sent,
  sentByWard,
} from '#test/kit/referrals.ts'
import type { Given } from '#test/kit/spec.ts'

const THURSDAY = '2022-02-17T13:30+09:00'
const acceptance = { assignee: 'ogawa', plannedContactOn: '2030-01-01' }

/** What was emitted, as far as its dates go. */
const sentOn = (given: Given, urgency: string, on: string, due: Readonly<Record<string, unknown>>) => {
  const data = letter({ urgency })
  around(given)
    .when('SendReferral', data, { on })
    .emits({ type: 'ReferralSent', data: { ...data, ...due, sentFrom: 'ORG-141097-H' } })
}

await rule(
  'sending: emergency two hours and the same day, urgent one and three, normal three and ten business days',
  (given) => {
    sentOn(given, 'emergency', THURSDAY, {
      ackDueOn: '2022-02-17',
      ackDueAt: '2022-02-17T06:30:00.000Z',
      firstContactDueOn: '2022-02-17',
    })
    sentOn(given, 'urgent', THURSDAY, { ackDueOn: '2022-02-18', firstContactDueOn: '2022-02-22' })
    // 23 February is a holiday.
    sentOn(given, 'normal', THURSDAY, { ackDueOn: '2022-02-22', firstContactDueOn: '2022-03-04' })
  },
)

await rule('sending: when the caregiver is ready there is no clock at all', (given) =>
  sentOn(given, 'whenReady', THURSDAY, {}),
)

await rule('a hub’s own sub-code of an urgency keeps the base’s clocks', (given) =>
  sentOn(given, 'urgent/phoned', THURSDAY, { ackDueOn: '2022-02-18', firstContactDueOn: '2022-02-22' }),
)

await rule('two hours may end on the next day', (given) =>
  sentOn(given, 'emergency', '2022-02-17T23:00+09:00', {
    ackDueOn: '2022-02-18',
    ackDueAt: '2022-02-17T16:00:00.000Z',
    firstContactDueOn: '2022-02-17',
  }),
)

await rule('where only the day is known, two hours last until its end', (given) =>
  sentOn(given, 'emergency', '2022-02-17', { ackDueOn: '2022-02-17', firstContactDueOn: '2022-02-17' }),
)

await rule('no clock runs out between 29 December and 3 January', (given) =>
  around(given)
    .when('SendReferral', outletLetter({ urgency: 'normal' }), {
      by: mchCoordinator,
      on: '2021-12-27T10:00+09:00',
    })
    .emits({
      type: 'ReferralSent',
      data: {
        ...outletLetter({ urgency: 'normal' }),
        // The hub: Tuesday 28 December, Tuesday 4 and Wednesday 5 January.
        ackDueOn: '2022-01-05',
        firstContactDueOn: '2022-01-14',
        sentFrom: 'ORG-141097-W',
      },
    }),
)

await rule('acknowledging starts the decision clock: same day, one, five business days, none', (given) => {
  for (const [urgency, data] of [
    ['emergency', { decisionDueOn: '2022-02-18' }],
    ['urgent', { decisionDueOn: '2022-02-21' }],
    ['normal', { decisionDueOn: '2022-02-28' }],
    ['whenReady', {}],
  ] as const)
    around(given, ...sent({ urgency }))
      .when('AcknowledgeReferral', {}, { ...receiver, on: '2022-02-18T09:00+09:00' })
      .emits({ type: 'ReferralAcknowledged', data })
})

await rule('accepting starts the outcome clock: 7, 30, 60 calendar days, none', (given) => {
  for (const [urgency, due] of [
    ['emergency', { outcomeDueOn: '2022-02-25' }],
    ['urgent', { outcomeDueOn: '2022-03-20' }],
    ['normal', { outcomeDueOn: '2022-04-19' }],
    ['whenReady', {}],
  ] as const)
    given(...sent({ urgency }), fact('ReferralAcknowledged'))
      .when('AcceptReferral', acceptance, { ...receiver, on: '2022-02-18T09:00+09:00' })
      .emits({ type: 'ReferralAccepted', data: { ...acceptance, ...due } })
})

await rule('declining starts the sender’s clock: same day, one, five of the hub’s days, none', (given) => {
  for (const [urgency, due] of [
    ['emergency', { resendDueOn: '2022-02-18' }],
    ['urgent', { resendDueOn: '2022-02-19' }],
    ['normal', { resendDueOn: '2022-02-26' }],
    ['whenReady', {}],
  ] as const)
    around(given, ...sent({ urgency }))
      .when('DeclineReferral', { reason: 'capacity' }, { ...receiver, on: '2022-02-18T09:00+09:00' })
      .emits({ type: 'ReferralDeclined', data: { reason: 'capacity', ...due } })
})

await rule('when the hub declines, the ward’s days count', (given) =>
  around(given, ...sentByWard())
    .when('DeclineReferral', { reason: 'capacity' }, { ...sender, on: '2022-02-18T09:00+09:00' })
    .emits({ type: 'ReferralDeclined', data: { reason: 'capacity', resendDueOn: '2022-02-21' } }),
)

const asked = (decisionDaysLeft: number | undefined) =>
  by(mchCoordinator, fact('ReferralInfoRequested', { decisionDaysLeft }))
const question = { question: '里帰りの予定はありますか' }

await rule('a question pauses the decision clock with the business days left', (given) => {
  const acknowledged = [
    ...sent({ urgency: 'normal' }),
    ...by(mchCoordinator, fact('ReferralAcknowledged', { decisionDueOn: '2022-02-28' })),
  ]
  for (const [on, decisionDaysLeft] of [
    ['2022-02-18', 5],
    ['2022-02-22', 3],
    ['2022-02-23', 3],
    ['2022-02-28', 0],
    ['2022-03-02', 0],
  ] as const)
    around(given, ...acknowledged)
      .when('RequestReferralInfo', question, { ...receiver, on })
      .emits({ type: 'ReferralInfoRequested', data: { ...question, decisionDaysLeft } })
})

await rule('a question before any acknowledgement leaves all of the days', (given) => {
  for (const [urgency, left] of [
    ['emergency', { decisionDaysLeft: 0 }],
    ['urgent', { decisionDaysLeft: 1 }],
    ['normal', { decisionDaysLeft: 5 }],
    ['whenReady', {}],
  ] as const)
    around(given, ...sent({ urgency }))
      .when('RequestReferralInfo', question, receiver)
      .emits({
        type: 'ReferralInfoRequested',
        data: { ...question, implied: ['ReferralAcknowledged'], ...left },
      })
})

await rule('the answer lets it run on for what was left', (given) => {
  for (const [left, decisionDueOn] of [
    [0, '2022-03-08'],
    [3, '2022-03-11'],
    [5, '2022-03-15'],
  ] as const)
    around(given, ...sent({ urgency: 'normal' }), ...asked(left))
      .when('SupplyReferralInfo', { answer: 'いいえ' }, { ...sender, on: '2022-03-08' })
      .emits({ type: 'ReferralInfoSupplied', data: { answer: 'いいえ', decisionDueOn } })
  around(given, ...sent({ urgency: 'whenReady' }), ...asked(undefined))
    .when('SupplyReferralInfo', { answer: 'いいえ' }, { ...sender, on: '2022-03-08' })
    .emits({ type: 'ReferralInfoSupplied', data: { answer: 'いいえ' } })
})

await rule('pause and resume in the hub’s week, when the hub is asked', (given) =>
  around(given, ...sentByWard({ urgency: 'normal' }), ...asked(2))
    .when('SupplyReferralInfo', { answer: 'いいえ' }, { ...receiver, on: '2022-02-18' })
    .emits({ type: 'ReferralInfoSupplied', data: { answer: 'いいえ', decisionDueOn: '2022-02-22' } }),
)

type Overdue = readonly [clock: string, dueOn: string]
const overdue = ([clock, dueOn]: Overdue) => ({ type: 'ReferralOverdueDetected', data: { clock, dueOn } })
const detect = (given: Given, past: readonly Fact[], [clock, dueOn]: Overdue, on: string) =>
  given(...past).when('DetectReferralOverdue', { clock, dueOn }, { by: system, on })

const ack: Overdue = ['ack', '2022-02-18']
const firstContact: Overdue = ['firstContact', '2022-02-22']
const decision: Overdue = ['decision', '2022-02-21']
const outcome: Overdue = ['outcome', '2022-03-20']
const resend: Overdue = ['resend', '2022-02-19']
const NEXT_YEAR = '2023-02-01'

await rule('a clock is missed on the day after its last day, not on it', (given) => {
  detect(given, sent(), ack, '2022-02-18T23:59+09:00').emits()
  detect(given, sent(), ack, '2022-02-19T00:05+09:00').emits(overdue(ack))
})

await rule('two hours are missed after two hours', (given) => {
  const urgent = sent({ urgency: 'emergency', ackDueOn: '2022-02-17', ackDueAt: '2022-02-17T06:30:00.000Z' })
  const due: Overdue = ['ack', '2022-02-17']
  detect(given, urgent, due, '2022-02-17T15:30+09:00').emits()
  detect(given, urgent, due, '2022-02-17T15:31+09:00').emits({
    type: 'ReferralOverdueDetected',
    data: { clock: 'ack', dueOn: '2022-02-17', dueAt: '2022-02-17T06:30:00.000Z' },
  })
})

await rule('a missed clock is noted once, however often it is looked at', (given) => {
  const noted = [...sent(), fact('ReferralOverdueDetected')]
  detect(given, noted, ack, NEXT_YEAR).emits()
  detect(given, noted, firstContact, NEXT_YEAR).emits(overdue(firstContact))
})

await rule('a clock that never ran, or had another day, is not missed', (given) => {
  detect(given, sent(), decision, NEXT_YEAR).emits()
  detect(given, sent(), ['ack', '2022-02-17'], NEXT_YEAR).emits()
  detect(given, [fact('ReferralDrafted')], ack, NEXT_YEAR).emits()
})

await rule('whenReady misses nothing', (given) =>
  detect(
    given,
    sent({ urgency: 'whenReady', ackDueOn: undefined, firstContactDueOn: undefined }),
    ack,
    NEXT_YEAR,
  ).emits(),
)

const ACCEPTED = fact('ReferralAccepted', { implied: undefined })
const REDIRECTED = fact('ReferralRedirected')

/** After these facts exactly these clocks are still running. */
const running = (given: Given, facts: readonly Fact[], ...expected: readonly Overdue[]) => {
  const redirected: Overdue = ['ack', '2022-02-21']
  const resumed: Overdue = ['decision', '2022-02-22']
  for (const clock of [ack, redirected, firstContact, decision, resumed, outcome, resend]) {
    const missed = detect(given, [...sent(), ...facts], clock, NEXT_YEAR)
    if (expected.some(([name, day]) => name === clock[0] && day === clock[1])) missed.emits(overdue(clock))
    else missed.emits()
  }
}

await rule('sending starts acknowledgement and first contact', (given) =>
  running(given, [], ack, firstContact),
)

await rule('acknowledging stops the acknowledgement and starts the decision', (given) =>
  running(given, [fact('ReferralAcknowledged')], decision, firstContact),
)

await rule('a question stops both; the first contact goes on; the answer resumes the decision', (given) => {
  running(given, [fact('ReferralInfoRequested')], firstContact)
  running(given, [fact('ReferralAcknowledged'), fact('ReferralInfoRequested')], firstContact)
  running(
    given,
    [fact('ReferralInfoRequested'), fact('ReferralInfoSupplied')],
    ['decision', '2022-02-22'],
    firstContact,
  )
})

await rule('accepting stops both and starts the outcome', (given) => {
  running(given, [ACCEPTED], outcome, firstContact)
  running(given, [fact('ReferralAcknowledged'), ACCEPTED], outcome, firstContact)
})

await rule('declining leaves only the sender’s clock', (given) =>
  running(given, [fact('ReferralDeclined')], resend),
)

await rule('passing it on arms the acknowledgement anew and stops the decision', (given) => {
  running(given, [REDIRECTED], ['ack', '2022-02-21'], firstContact)
  running(given, [fact('ReferralAcknowledged'), REDIRECTED], ['ack', '2022-02-21'], firstContact)
})

await rule(
  'the first contact stops when the family was reached, service began or an outcome is there',
  (given) => {
    running(given, [ACCEPTED, fact('ReferralContactMade')], outcome)
    running(given, [ACCEPTED, fact('ReferralContactMade', { result: 'notReached' })], outcome, firstContact)
    running(given, [ACCEPTED, fact('ReferralContactMade', { result: 'refused' })], outcome, firstContact)
    running(given, [ACCEPTED, fact('ReferralServiceStarted')], outcome)
    running(given, [ACCEPTED, fact('ReferralOutcomeReported')])
  },
)

await rule('an interim outcome arms the outcome clock anew', (given) =>
  detect(
    given,
    [
      ...sent(),
      ACCEPTED,
      fact('ReferralOutcomeReported', { outcome: 'inFollowUp', final: false, outcomeDueOn: '2022-04-17' }),
    ],
    ['outcome', '2022-04-17'],
    '2022-04-18',
  ).emits(overdue(['outcome', '2022-04-17'])),
)

await rule('what has ended owes nothing', (given) => {
  running(given, [fact('ReferralWithdrawn')])
  running(given, [ACCEPTED, fact('ReferralOutcomeReported'), fact('ReferralClosed')])
  running(given, [fact('ReferralDeclined'), fact('ReferralClosed', { resolution: 'handledByHub' })])
})

await rule('overdue facts come from the system alone', (given) =>
  given(...sent())
    .when('DetectReferralOverdue', { clock: 'ack', dueOn: '2022-02-18' }, sender)
    .forbidden(),
)
