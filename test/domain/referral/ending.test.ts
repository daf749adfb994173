import {
  coordinator,
  director,
  elsewhere,
  laterReferral,
  mchCoordinator,
  partner,
  system,
  wardManager,
} from '#test/kit/controls.ts'
import { fact } from '#test/kit/facts.ts'
import { around, pasts, type ReferralState, receiver, rule, sender } from '#test/kit/referrals.ts'

const closed = (data: Readonly<Record<string, unknown>>) => ({ type: 'ReferralClosed', data })

await rule('the loop is closed by the sender after the outcome (A23)', (given) =>
  given(...pasts.outcomeReported)
    .when('CloseReferral', { resolution: 'completed' }, { by: coordinator })
    .emits(closed({ resolution: 'completed' })),
)

await rule(
  'an answer nobody has read is not a closed loop: the receiver cannot close it (R-REF-1)',
  (given) => {
    for (const by of [mchCoordinator, elsewhere])
      given(...pasts.outcomeReported)
        .when('CloseReferral', { resolution: 'completed' }, { by })
        .rejects('referral/not-the-sender')
  },
)

await rule(
  'a declined one is sent anew, handled here, not wanted any more, or dropped with a reason',
  (given) => {
    for (const data of [
      { resolution: 'resent', supersededBy: laterReferral },
      { resolution: 'handledByHub' },
      { resolution: 'caregiverDeclined' },
      { resolution: 'dropped', reason: '転出した' },
    ])
      given(...pasts.declined)
        .when('CloseReferral', data, sender)
        .emits(closed(data))
    given(...pasts.declined)
      .when('CloseReferral', { resolution: 'dropped' }, sender)
      .invalid('/reason')
  },
)

await rule('a declined one is never completed', (given) =>
  given(...pasts.declined)
    .when('CloseReferral', { resolution: 'completed' }, sender)
    .rejects('referral/resolution-does-not-fit', '/resolution'),
)

await rule('"sent anew" names the new one, and nothing else does', (given) => {
  given(...pasts.declined)
    .when('CloseReferral', { resolution: 'resent' }, sender)
    .invalid('/supersededBy')
  given(...pasts.declined)
    .when('CloseReferral', { resolution: 'handledByHub', supersededBy: laterReferral }, sender)
    .invalid('/supersededBy')
  given(...pasts.outcomeReported)
    .when('CloseReferral', { resolution: 'resent', supersededBy: laterReferral }, sender)
    .rejects('referral/resolution-does-not-fit', '/resolution')
})

await rule('the system closes the declined one when the new one was sent', (given) => {
  const resent = { resolution: 'resent', supersededBy: laterReferral }
  given(...pasts.declined)
    .when('CloseReferral', resent, { by: system })
    .emits(closed(resent))
})

await rule('without an outcome it closes only when the caregiver allows no feedback', (given) => {
  for (const state of ['accepted', 'inService'] as const) {
    given(...pasts[state])
      .when('CloseReferral', { resolution: 'completed' }, sender)
      .rejects('referral/resolution-does-not-fit', '/outcomeWithheld')
    given(...pasts[state])
      .when('CloseReferral', { resolution: 'completed', outcomeWithheld: false }, sender)
      .rejects('referral/resolution-does-not-fit', '/outcomeWithheld')
    given(...pasts[state])
      .when('CloseReferral', { resolution: 'completed', outcomeWithheld: true }, sender)
      .emits(closed({ resolution: 'completed', outcomeWithheld: true }))
  }
})

const withdrawn = (data: Readonly<Record<string, unknown>>) => ({ type: 'ReferralWithdrawn', data })

await rule('the sender takes back what was not accepted yet', (given) => {
  for (const state of ['draft', 'sent', 'acknowledged', 'infoRequested'] as const)
    given(...pasts[state])
      .when('WithdrawReferral', {}, sender)
      .emits(withdrawn({ withdrawnBy: 'sender' }))
})

await rule('waiting for a consent ends with the consent declined', (given) => {
  given(...pasts.awaitingConsent)
    .when('WithdrawReferral', {}, sender)
    .emits(withdrawn({ withdrawnBy: 'sender', reason: 'consentDeclined' }))
  given(...pasts.awaitingConsent)
    .when('WithdrawReferral', { reason: '転出した' }, sender)
    .emits(withdrawn({ withdrawnBy: 'sender', reason: '転出した' }))
})

await rule('once accepted only the caregiver withdraws', (given) => {
  for (const state of ['accepted', 'inService'] as const) {
    given(...pasts[state])
      .when('WithdrawReferral', {}, sender)
      .rejects('referral/caregiver-withdraws', '/withdrawnBy')
    given(...pasts[state])
      .when('WithdrawReferral', { withdrawnBy: 'caregiver' }, sender)
      .emits(withdrawn({ withdrawnBy: 'caregiver' }))
  }
})

await rule('the caregiver may tell either side once it was sent', (given) => {
  for (const state of ['sent', 'acknowledged', 'infoRequested', 'accepted', 'inService'] as const)
    given(...pasts[state])
      .when('WithdrawReferral', { withdrawnBy: 'caregiver', reason: '気持ちが変わった' }, receiver)
      .emits(withdrawn({ withdrawnBy: 'caregiver', reason: '気持ちが変わった' }))
  for (const state of ['draft', 'awaitingConsent'] as const)
    given(...pasts[state])
      .when('WithdrawReferral', { withdrawnBy: 'caregiver' }, receiver)
      .rejects('referral/not-the-sender')
})

await rule('the receiver declines, it does not withdraw', (given) => {
  given(...pasts.sent)
    .when('WithdrawReferral', {}, receiver)
    .rejects('referral/not-the-sender')
  given(...pasts.sent)
    .when('WithdrawReferral', { withdrawnBy: 'caregiver' }, { by: elsewhere })
    .rejects('referral/not-the-sender')
})

await rule('what was closed, withdrawn, answered or declined is not withdrawn', (given) => {
  for (const state of ['outcomeReported', 'declined', 'closed', 'withdrawn'] as const)
    given(...pasts[state])
      .when('WithdrawReferral', {}, sender)
      .rejects('referral/illegal-transition')
})

const late = { to: 'wardManager', reason: 'overdue' }
const open = Object.keys(pasts).filter(
  (state) => state !== 'closed' && state !== 'withdrawn',
) as ReferralState[]

await rule('director or ward manager raise it at any time before its end; nothing else changes', (given) => {
  for (const state of open)
    for (const by of [director, system])
      given(...pasts[state])
        .when('EscalateReferral', late, { by })
        .emits({ type: 'ReferralEscalated', data: late })
  given(...pasts.sent)
    .when('EscalateReferral', late, { by: wardManager })
    .emits({ type: 'ReferralEscalated', data: late })
  given(...pasts.sent)
    .when('EscalateReferral', late, { by: partner })
    .forbidden()
})

await rule('those who have nothing to do with it do not raise it', (given) =>
  given(...pasts.sent)
    .when('EscalateReferral', late, { by: { ...director, organizationId: 'ORG-141101-H' } })
    .rejects('referral/not-the-sender'),
)

await rule('what has ended is not raised', (given) => {
  for (const state of ['closed', 'withdrawn'] as const)
    given(...pasts[state])
      .when('EscalateReferral', late, { by: director })
      .rejects('referral/illegal-transition')
})

await rule('how late it is counts from the latest missed clock, unless said', (given) => {
  const missed = [
    fact('ReferralOverdueDetected'),
    fact('ReferralOverdueDetected', { clock: 'firstContact', dueOn: '2022-02-22' }),
  ]
  around(given, ...pasts.sent, ...missed)
    .when('EscalateReferral', late, { by: director, on: '2022-02-25T10:00+09:00' })
    .emits({ type: 'ReferralEscalated', data: { ...late, businessDaysLate: 2 } })
  around(given, ...pasts.sent, ...missed)
    .when(
      'EscalateReferral',
      { ...late, businessDaysLate: 4 },
      { by: director, on: '2022-02-25T10:00+09:00' },
    )
    .emits({ type: 'ReferralEscalated', data: { ...late, businessDaysLate: 4 } })
})
