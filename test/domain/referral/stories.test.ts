import t from 'tap'
import type { AnyEvent } from '#domain/kernel/event.ts'
import type { Actor } from '#domain/kernel/metadata.ts'
import { referralClocks } from '#domain/processes/deadlines.ts'
import { referral } from '#domain/referral/referral.ts'
import { attempt, folded, type World } from '#test/kit/attempt.ts'
import {
  consent,
  consultation,
  director,
  districtNurse,
  referral as id,
  mchCoordinator,
  partner,
  system,
  ward,
} from '#test/kit/controls.ts'
import { type Fact, fact } from '#test/kit/facts.ts'
import { letter, organization } from '#test/kit/referrals.ts'

/** The rows of a story about one referral, through the commands; what the system notes by itself comes in between. */
const story = (world: World) => {
  const past: Fact[] = []
  const act = (on: string, by: Actor, command: string, data: unknown): readonly AnyEvent[] => {
    const outcome = attempt({ lifecycle: referral, id, past, world, command, data, by, on })
    if (outcome.kind !== 'done') throw new Error(`${command} on ${on}: ${JSON.stringify(outcome)}`)
    const events = outcome.steps.map(({ event }) => event)
    past.push(...events.map((event) => ({ ...event, by, on })))
    return events
  }
  /** Every deadline that has passed by then, as the runner would find it; looked at twice. */
  const night = (on: string) =>
    [1, 2].flatMap(() =>
      referralClocks
        .deadlines(folded(referral, past))
        .filter(({ after }) => after <= new Date(on).toISOString())
        .flatMap(({ command, data }) => act(on, system, command, data)),
    )
  return { act, night, past }
}

const world = (changes: Readonly<Record<string, unknown>>): World =>
  new Map([
    [`organization-${ward}`, [organization('ward')]],
    [`consent-${consent}`, [fact('ConsentGiven', changes)]],
    [`consultation-${consultation}`, [fact('ConsultationOpened')]],
  ] as const)

t.test('story A: every clock is kept, nothing is overdue', async (t) => {
  const { act, night, past } = story(world({}))
  const [a12] = act('2022-02-17T13:30+09:00', partner, 'SendReferral', letter())
  t.match(a12?.data, { ackDueOn: '2022-02-18', firstContactDueOn: '2022-02-22' })
  act('2022-02-18T09:10+09:00', mchCoordinator, 'AcknowledgeReferral', {})
  const [a14] = act('2022-02-18T11:00+09:00', mchCoordinator, 'AcceptReferral', {
    assignee: 'ogawa',
    plannedContactOn: '2022-02-21',
  })
  t.match(a14?.data, { outcomeDueOn: '2022-03-20' })
  act('2022-02-21T10:00+09:00', mchCoordinator, 'MakeReferralContact', { result: 'reached' })
  t.strictSame(night('2022-03-18T00:05+09:00'), [])
  act('2022-03-18T16:00+09:00', mchCoordinator, 'ReportReferralOutcome', {
    outcome: 'connected',
    final: true,
  })
  act('2022-04-12T11:00+09:00', partner, 'CloseReferral', { resolution: 'completed' })
  t.strictSame(night('2023-01-01T00:05+09:00'), [])
  t.equal(folded(referral, past).status, 'closed')
})

t.test(
  'story C: passed on, missed twice, raised, accepted; the outcome is the third and last miss',
  async (t) => {
    const { act, night, past } = story(world({ from: '2023-03-22', until: '2024-03-21' }))
    const overdue = (clock: string, dueOn: string) => ({
      type: 'ReferralOverdueDetected',
      data: { clock, dueOn },
    })

    const [c12] = act('2023-03-23T10:00+09:00', partner, 'SendReferral', letter())
    t.match(c12?.data, { ackDueOn: '2023-03-24', firstContactDueOn: '2023-03-28' })
    const [c13] = act('2023-03-24T16:00+09:00', mchCoordinator, 'RedirectReferral', {
      toDesk: 'districtNurse',
    })
    t.match(c13?.data, { ackDueOn: '2023-03-27', firstContactDueOn: '2023-03-28' })
    t.strictSame(night('2023-03-27T23:59+09:00'), [])
    t.strictSame(night('2023-03-28T00:05+09:00'), [overdue('ack', '2023-03-27')])
    t.strictSame(night('2023-03-29T00:05+09:00'), [overdue('firstContact', '2023-03-28')])
    const [c16] = act('2023-04-04T10:00+09:00', director, 'EscalateReferral', {
      to: 'wardManager',
      reason: 'overdue',
    })
    t.match(c16?.data, { businessDaysLate: 5 })
    const [c17] = act('2023-04-05T11:00+09:00', districtNurse, 'AcceptReferral', {
      assignee: 'hirano',
      plannedContactOn: '2023-04-07',
    })
    t.match(c17?.data, { outcomeDueOn: '2023-05-05', implied: ['ReferralAcknowledged'] })
    act('2023-04-07T14:00+09:00', districtNurse, 'MakeReferralContact', { result: 'reached' })
    t.strictSame(night('2023-05-05T23:59+09:00'), [])
    t.strictSame(night('2023-05-06T00:05+09:00'), [overdue('outcome', '2023-05-05')])
    t.strictSame(night('2024-05-06T00:05+09:00'), [])
    t.equal(past.filter(({ type }) => type === 'ReferralOverdueDetected').length, 3)
    t.equal(folded(referral, past).status, 'accepted')
  },
)
