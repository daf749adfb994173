import { test } from 'tap'
import {
  director,
  disclosureRequest,
  family,
  mother,
  nakamura,
  partner,
  suspensionRequest,
} from '../kit/controls.ts'
import { runningSystem } from '../kit/running-system.ts'

const asked = { familyId: family, personId: mother, requesterKind: 'self', identityCheck: 'photoDocument' }

const received = async (t: Parameters<typeof runningSystem>[0]) => {
  const world = await runningSystem(t)
  await world.give(nakamura, 'RegisterFamily', family, {
    caregivers: [{ personId: mother, relation: 'mother' }],
  })
  await world.give(partner, 'ReceiveDisclosureRequest', disclosureRequest, asked)
  const misses = async (type = 'DisclosureOverdueDetected') =>
    (await world.facts(type)).map(({ data }) => data.dueOn)
  return { ...world, misses, tick: () => world.system().processes.tick() }
}

test('thirty days after receipt are over when the next day begins in Japan; the miss is noted once', async (t) => {
  const world = await received(t)
  world.itIs('2022-03-19T23:59:00+09:00')
  await world.tick()
  t.strictSame(await world.misses(), [])
  world.itIs('2022-03-20T00:05:00+09:00')
  await world.tick()
  await world.tick()
  t.strictSame(await world.misses(), ['2022-03-19'])
})

test('an extension moves the clock, and is itself watched', async (t) => {
  const world = await received(t)
  world.itIs('2022-03-19T10:00:00+09:00')
  const extended = { until: '2022-04-18', reason: '記録が多い' }
  t.equal((await world.give(director, 'ExtendDisclosureTerm', disclosureRequest, extended)).kind, 'done')
  world.itIs('2022-04-18T23:59:00+09:00')
  await world.tick()
  t.strictSame(await world.misses(), [])
  world.itIs('2022-04-19T00:05:00+09:00')
  await world.tick()
  t.strictSame(await world.misses(), ['2022-04-18'])
})

test('what was decided in time is not missed', async (t) => {
  const world = await received(t)
  await world.give(director, 'DecideDisclosure', disclosureRequest, { outcome: 'granted' })
  world.itIs('2022-06-01')
  t.equal(await world.tick(), 0, 'no clock runs any more')
  t.strictSame(await world.misses(), [])
})

test('the other requests have the same clock', async (t) => {
  const world = await received(t)
  await world.give(director, 'DecideDisclosure', disclosureRequest, { outcome: 'granted' })
  await world.give(partner, 'ProvideDisclosure', disclosureRequest, { handedOver: 'copy' })
  await world.give(partner, 'RequestSuspension', suspensionRequest, {
    ...asked,
    disclosureId: disclosureRequest,
    breach: 'used',
    stop: 'stopUse',
    use: '行事の案内',
  })
  world.itIs('2022-03-20T00:05:00+09:00')
  await world.tick()
  t.strictSame(await world.misses('SuspensionOverdueDetected'), ['2022-03-19'])
})
