import {
  consent,
  coordinator,
  districtNurse,
  elsewhere,
  elsewhereInWard,
  hub,
  mchCoordinator,
  otherWard,
  partner,
  ward,
} from '#test/kit/controls.ts'
import { fact } from '#test/kit/facts.ts'
import { around, pasts, type ReferralState, receiver, rule, sender, sent } from '#test/kit/referrals.ts'

const planned = { assignee: 'ogawa', plannedContactOn: '2022-02-21' }
const friday = { ...receiver, on: '2022-02-18T09:10+09:00' }

await rule('"we have it" starts the decision clock (A13)', (given) =>
  around(given, ...pasts.sent)
    .when('AcknowledgeReferral', {}, friday)
    .emits({ type: 'ReferralAcknowledged', data: { decisionDueOn: '2022-02-21' } }),
)

await rule(
  'accepting names somebody and a day for the first contact (A14: outcome by 2022-03-20)',
  (given) => {
    around(given, ...pasts.acknowledged)
      .when('AcceptReferral', planned, friday)
      .emits({ type: 'ReferralAccepted', data: { ...planned, outcomeDueOn: '2022-03-20' } })
    given(...pasts.acknowledged)
      .when('AcceptReferral', { plannedContactOn: '2022-02-21' }, friday)
      .invalid('/assignee')
    given(...pasts.acknowledged)
      .when('AcceptReferral', { assignee: 'ogawa' }, friday)
      .invalid('/plannedContactOn')
  },
)

await rule('accepting what nobody acknowledged says so by itself (R-GEN-6)', (given) =>
  around(given, ...pasts.sent)
    .when('AcceptReferral', planned, friday)
    .emits({
      type: 'ReferralAccepted',
      data: { ...planned, implied: ['ReferralAcknowledged'], outcomeDueOn: '2022-03-20' },
    }),
)

await rule('a first contact is not planned for a day before the acceptance', (given) => {
  const on = { ...receiver, on: '2022-02-22T09:00+09:00' }
  given(...pasts.acknowledged)
    .when('AcceptReferral', planned, on)
    .rejects('referral/contact-before-acceptance', '/plannedContactOn')
  given(...pasts.acknowledged)
    .when('AcceptReferral', { ...planned, plannedContactOn: '2022-02-22' }, on)
    .emits({
      type: 'ReferralAccepted',
      data: { ...planned, plannedContactOn: '2022-02-22', outcomeDueOn: '2022-03-24' },
    })
})

await rule('asking back implies the acknowledgement', (given) =>
  around(given, ...pasts.sent)
    .when('RequestReferralInfo', { question: '里帰りの予定はありますか' }, friday)
    .emits({
      type: 'ReferralInfoRequested',
      data: { question: '里帰りの予定はありますか', implied: ['ReferralAcknowledged'], decisionDaysLeft: 1 },
    }),
)

await rule('a question asks something', (given) =>
  given(...pasts.sent)
    .when('RequestReferralInfo', { question: '  ' }, friday)
    .invalid('/question'),
)

await rule('the sender answers inside what the consent covers', (given) => {
  const answer = { answer: '予定はありません', dataClasses: ['consultationSummary'] }
  around(given, ...pasts.infoRequested)
    .when('SupplyReferralInfo', answer, { ...sender, on: '2022-02-21T10:00+09:00' })
    .emits({ type: 'ReferralInfoSupplied', data: { ...answer, decisionDueOn: '2022-02-22' } })
  around(given, ...pasts.infoRequested)
    .when('SupplyReferralInfo', { ...answer, dataClasses: ['health'] }, sender)
    .rejects('referral/not-covered-by-consent', '/dataClasses')
})

await rule('after the consent was withdrawn or has ended nothing more is supplied', (given) => {
  around(given, ...pasts.infoRequested)
    .and('consent', consent, fact('ConsentGiven'), fact('ConsentWithdrawn'))
    .when('SupplyReferralInfo', { answer: 'はい' }, sender)
    .rejects('referral/not-covered-by-consent', '/basis')
  around(given, ...pasts.infoRequested)
    .when('SupplyReferralInfo', { answer: 'はい' }, { ...sender, on: '2022-09-01' })
    .rejects('referral/not-covered-by-consent', '/basis')
})

await rule('a decline gives its reason, and may name another desk (resend clock: sender’s week)', (given) => {
  const declined = { reason: 'otherEntrance', suggestedDestination: 'wardDistrictNurse' }
  for (const state of ['sent', 'acknowledged', 'infoRequested'] as const)
    around(given, ...pasts[state])
      .when('DeclineReferral', declined, friday)
      .emits({ type: 'ReferralDeclined', data: { ...declined, resendDueOn: '2022-02-19' } })
  given(...pasts.sent)
    .when('DeclineReferral', {}, friday)
    .invalid('/reason')
  given(...pasts.sent)
    .when('DeclineReferral', { reason: 'noReason' }, friday)
    .invalid('/reason')
})

await rule(
  'inside the organisation it is passed on: new desk, new acknowledgement clock, same day for the first contact',
  (given) => {
    for (const state of ['sent', 'acknowledged'] as const)
      around(given, ...pasts[state])
        .when('RedirectReferral', { toDesk: 'districtNurse' }, friday)
        .emits({
          type: 'ReferralRedirected',
          data: { toDesk: 'districtNurse', ackDueOn: '2022-02-21', firstContactDueOn: '2022-02-22' },
        })
  },
)

await rule(
  'naming the own organisation is a redirect, another one is not: its consent is a new one',
  (given) => {
    const onward = (toOrganization: string) =>
      around(given, ...pasts.acknowledged).when(
        'RedirectReferral',
        { toDesk: 'districtNurse', toOrganization },
        friday,
      )
    onward(ward).emits({
      type: 'ReferralRedirected',
      data: { toDesk: 'districtNurse', ackDueOn: '2022-02-21', firstContactDueOn: '2022-02-22' },
    })
    onward(otherWard).rejects('referral/redirect-leaves-organization', '/toOrganization')
  },
)

await rule(
  'every attempt to reach the family is noted with its result; once reached, the outcome is owed next',
  (given) => {
    for (const result of ['reached', 'notReached', 'refused'])
      given(...pasts.accepted)
        .when('MakeReferralContact', { result }, receiver)
        .emits({
          type: 'ReferralContactMade',
          data: { result, ...(result === 'reached' && { outcomeDueOn: '2022-03-20' }) },
        })
    given(...pasts.accepted)
      .when('MakeReferralContact', { result: 'maybe' }, receiver)
      .invalid('/result')
  },
)

await rule('service starts after the acceptance', (given) =>
  given(...pasts.accepted)
    .when('StartReferralService', {}, receiver)
    .emits({ type: 'ReferralServiceStarted', data: { outcomeDueOn: '2022-03-20' } }),
)

await rule('an outcome is reported from acceptance on: interim first, final later', (given) => {
  for (const state of ['accepted', 'inService', 'outcomeReported'] as const)
    given(...pasts[state])
      .when('ReportReferralOutcome', { outcome: 'connected' }, receiver)
      .emits({ type: 'ReferralOutcomeReported', data: { outcome: 'connected', final: true } })
})

await rule('an interim answer arms the outcome clock anew', (given) => {
  for (const outcome of ['inFollowUp', 'waitingList', 'waitingList/nursery'])
    given(...pasts.accepted)
      .when('ReportReferralOutcome', { outcome }, { ...receiver, on: '2022-03-18' })
      .emits({ type: 'ReferralOutcomeReported', data: { outcome, final: false, outcomeDueOn: '2022-04-17' } })
  given(...pasts.accepted)
    .when('ReportReferralOutcome', { outcome: 'connected', final: false }, { ...receiver, on: '2022-03-18' })
    .emits({
      type: 'ReferralOutcomeReported',
      data: { outcome: 'connected', final: false, outcomeDueOn: '2022-04-17' },
    })
  given(...pasts.accepted)
    .when('ReportReferralOutcome', { outcome: 'waitingList', final: true }, receiver)
    .emits({ type: 'ReferralOutcomeReported', data: { outcome: 'waitingList', final: true } })
})

await rule('when the caregiver wants nothing told, nothing is told', (given) => {
  given(...pasts.accepted)
    .when('ReportReferralOutcome', { outcome: 'outcomeWithheld', note: '実は…' }, receiver)
    .invalid('/note')
  given(...pasts.accepted)
    .when('ReportReferralOutcome', { outcome: 'outcomeWithheld' }, receiver)
    .emits({ type: 'ReferralOutcomeReported', data: { outcome: 'outcomeWithheld', final: true } })
})

const answers: readonly (readonly [ReferralState, string, Readonly<Record<string, unknown>>])[] = [
  ['sent', 'AcknowledgeReferral', {}],
  ['sent', 'RequestReferralInfo', { question: '?' }],
  ['acknowledged', 'AcceptReferral', planned],
  ['acknowledged', 'DeclineReferral', { reason: 'capacity' }],
  ['acknowledged', 'RedirectReferral', { toDesk: 'districtNurse' }],
  ['accepted', 'MakeReferralContact', { result: 'reached' }],
  ['accepted', 'StartReferralService', {}],
  ['accepted', 'ReportReferralOutcome', { outcome: 'connected' }],
]

await rule('only the organisation it was sent to answers', (given) => {
  for (const [state, command, data] of answers)
    for (const by of [partner, elsewhere, elsewhereInWard])
      around(given, ...pasts[state])
        .when(command, data, { by })
        .rejects('referral/not-the-receiver')
})

await rule('whatever desk of it', (given) =>
  given(...pasts.accepted)
    .when('StartReferralService', {}, { by: districtNurse })
    .emits({ type: 'ReferralServiceStarted', data: { outcomeDueOn: '2022-03-20' } }),
)

await rule('an introduction is answered by the sender, as the caregiver tells (R-REF-7)', (given) => {
  const introduced = sent({
    linkLevel: 'introduce',
    toOrganization: undefined,
    destinationKind: 'circle',
    basis: undefined,
  })
  given(...introduced)
    .when('AcknowledgeReferral', {}, sender)
    .emits({ type: 'ReferralAcknowledged', data: { decisionDueOn: '2022-02-18' } })
  given(...introduced)
    .when('AcceptReferral', { assignee: 'サークル代表', plannedContactOn: '2022-02-26' }, sender)
    .emits({
      type: 'ReferralAccepted',
      data: {
        assignee: 'サークル代表',
        plannedContactOn: '2022-02-26',
        implied: ['ReferralAcknowledged'],
        outcomeDueOn: '2022-03-19',
      },
    })
  given(...introduced, fact('ReferralAccepted'))
    .when('ReportReferralOutcome', { outcome: 'connected' }, { by: coordinator })
    .emits({ type: 'ReferralOutcomeReported', data: { outcome: 'connected', final: true } })
  given(...introduced)
    .when('AcknowledgeReferral', {}, { by: elsewhere })
    .rejects('referral/not-the-receiver')
})

await rule('only the sender supplies what was asked', (given) => {
  for (const by of [mchCoordinator, elsewhere])
    around(given, ...pasts.infoRequested)
      .when('SupplyReferralInfo', { answer: 'はい' }, { by })
      .rejects('referral/not-the-sender')
})

await rule('what rests on a statute is answered without a consent', (given) =>
  around(
    given,
    ...sent({ basis: undefined, legalBasis: 'vitalInterest', basisReason: '命に関わる', sentFrom: hub }),
    fact('ReferralInfoRequested'),
  )
    .when('SupplyReferralInfo', { answer: 'はい' }, sender)
    .emits({ type: 'ReferralInfoSupplied', data: { answer: 'はい', decisionDueOn: '2022-02-18' } }),
)
