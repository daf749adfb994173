import { test } from 'tap'
import {
  consent,
  family,
  mchCoordinator,
  mother,
  nakamura,
  partner,
  referral,
  ward,
} from '../kit/controls.ts'
import { runningSystem } from '../kit/running-system.ts'

const sent = async (t: Parameters<typeof runningSystem>[0], urgency = 'urgent') => {
  const world = await runningSystem(t)
  await world.give(nakamura, 'RegisterFamily', family, {
    caregivers: [{ personId: mother, relation: 'mother' }],
  })
  await world.give(partner, 'GiveConsent', consent, {
    familyId: family,
    recipients: [ward],
    dataClasses: ['consultationSummary'],
    people: [mother],
    method: 'written',
    until: '2022-03-31',
  })
  await world.give(partner, 'SendReferral', referral, {
    familyId: family,
    direction: 'inlet',
    linkLevel: 'mediate',
    urgency,
    toOrganization: ward,
    destinationKind: 'wardMchCoordinator',
    basis: consent,
  })
  const misses = async () =>
    (await world.facts('ReferralOverdueDetected')).map(({ data }) => [data.clock, data.dueOn])
  return { ...world, misses, tick: () => world.system().processes.tick() }
}

test('a clock is missed when its day is over in Japan, not before, and once', async (t) => {
  const world = await sent(t)
  world.itIs('2022-02-18T23:59:00+09:00')
  await world.tick()
  t.strictSame(await world.misses(), [])
  world.itIs('2022-02-19T00:05:00+09:00')
  await world.tick()
  await world.tick()
  t.strictSame(await world.misses(), [['ack', '2022-02-18']])
  world.itIs('2022-03-01')
  await world.tick()
  await world.tick()
  t.strictSame(await world.misses(), [
    ['ack', '2022-02-18'],
    ['firstContact', '2022-02-22'],
  ])
})

test('who answers in time misses nothing', async (t) => {
  const world = await sent(t)
  world.itIs('2022-02-18T11:00:00+09:00')
  await world.give(mchCoordinator, 'AcceptReferral', referral, {
    assignee: 'ogawa',
    plannedContactOn: '2022-02-21',
  })
  await world.give(mchCoordinator, 'MakeReferralContact', referral, { result: 'reached' })
  await world.give(mchCoordinator, 'ReportReferralOutcome', referral, { outcome: 'connected' })
  world.itIs('2023-01-01')
  await world.tick()
  t.strictSame(await world.misses(), [])
})

test('an emergency is missed by the hour', async (t) => {
  const world = await sent(t, 'emergency')
  world.itIs('2022-02-17T10:59:00+09:00')
  await world.tick()
  t.strictSame(await world.misses(), [])
  world.itIs('2022-02-17T11:01:00+09:00')
  await world.tick()
  t.strictSame(await world.misses(), [['ack', '2022-02-17']])
})

test('`whenReady` has no clock at all', async (t) => {
  const world = await sent(t, 'whenReady')
  world.itIs('2022-03-30')
  await world.tick()
  t.strictSame(await world.misses(), [])
})

test('a consent ends with its last day, once', async (t) => {
  const world = await sent(t, 'whenReady')
  world.itIs('2022-03-31T23:00:00+09:00')
  await world.tick()
  t.strictSame(await world.facts('ConsentExpired'), [])
  world.itIs('2022-04-01T00:05:00+09:00')
  await world.tick()
  await world.tick()
  t.equal((await world.facts('ConsentExpired')).length, 1)
})

test('an obligation recorded after its own due date has a day of grace before it counts as missed (R-LIF-5)', async (t) => {
  const world = await runningSystem(t, { start: '2026-11-20T09:00:00+09:00' })
  const then = {
    occurredAt: '2022-02-17T04:30:00.000Z',
    occurredOn: '2022-02-17',
    precision: 'instant',
  } as const
  await world.give(
    nakamura,
    'RegisterFamily',
    family,
    { caregivers: [{ personId: mother, relation: 'mother' }] },
    { on: then },
  )
  await world.give(
    partner,
    'SendReferral',
    referral,
    {
      familyId: family,
      direction: 'inlet',
      linkLevel: 'mediate',
      urgency: 'urgent',
      toOrganization: ward,
      destinationKind: 'wardMchCoordinator',
      legalBasis: 'vitalInterest',
      basisReason: 'paper form',
    },
    { on: then },
  )
  world.itIs('2026-11-21T08:55:00+09:00')
  await world.system().processes.tick()
  t.strictSame(await world.facts('ReferralOverdueDetected'), [])
  world.itIs('2026-11-21T09:01:00+09:00')
  await world.system().processes.tick()
  t.equal((await world.facts('ReferralOverdueDetected')).length, 2)
})
