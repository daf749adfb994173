import t from 'tap'
import { newId } from '#test/kit/door.ts'
import { done, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { verifyBy } from '#test/kit/receiver.ts'
import { DAY, HOUR, openSending, sequencesOf } from '#test/kit/sending.ts'

t.test('paused, nothing is sent; resumed, it catches up', async (t) => {
  const { door, receiver, subscribe, idle, page } = await openSending(t)
  const { id } = await subscribe()
  const family = await registerFamily(door)
  await done(door, 'integration', `/v1/subscriptions/${id}/pause`)
  await sendReferral(door, family)
  await sendReferral(door, family)
  await idle()
  t.equal(receiver.received.length, 0)
  t.equal((await page(id)).state, 'paused')
  await done(door, 'integration', `/v1/subscriptions/${id}/resume`)
  await idle()
  t.strictSame(sequencesOf(receiver), [1, 2])
})

t.test(
  'while keys are rotated either verifies; afterwards only the new one; the secret is shown once',
  async (t) => {
    const { door, receiver, subscribe, idle, pass, page } = await openSending(t)
    const { id, secret: old } = await subscribe()
    const key = newId()
    const rotate = () =>
      done(door, 'integration', `/v1/subscriptions/${id}/rotate-secret`, {}, { 'idempotency-key': key })
    const { secret } = (await rotate()).json()
    t.not(secret, old)
    const again = await rotate()
    t.equal(again.headers['idempotency-replayed'], 'true')
    t.notOk('secret' in again.json())
    await sendReferral(door, await registerFamily(door))
    await idle()
    // The reference library looks at the real clock.
    const signatures = (i: number) => String(receiver.taken[i]?.headers['webhook-signature']).split(' ')
    t.equal(signatures(0).length, 4)
    t.equal((await page(id)).keys.length, 2)
    await pass(24 * HOUR)
    await sendReferral(door, await registerFamily(door))
    await idle()
    t.equal(signatures(1).length, 2)
    t.equal((await page(id)).keys.length, 1)
  },
)

t.test(
  'a replay sends everything behind a cursor again, with the ids it had, and says how far it is',
  async (t) => {
    const { door, receiver, subscribe, idle, page } = await openSending(t)
    const { id } = await subscribe({ filter: { types: ['ReferralSent'] } })
    const family = await registerFamily(door)
    for (let i = 0; i < 3; i++) {
      const letter = await sendReferral(door, family)
      await done(door, 'mchCoordinator', `/v1/referrals/${letter.id}/acknowledge`, {})
    }
    await idle()
    const first = receiver.taken.map((one) => one.id)
    t.strictSame(sequencesOf(receiver), [1, 2, 3])
    await done(door, 'integration', `/v1/subscriptions/${id}/replay`, { after: 'beginning' })
    await idle()
    t.strictSame(sequencesOf(receiver).slice(3), [1, 2, 3])
    t.strictSame(
      receiver.taken.slice(3).map((one) => one.id),
      first,
    )
    t.match((await page(id)).replays, [{ replay: 1, state: 'done', done: 3, of: 3, delivered: 3 }])
    const nothing = await door.post('integration', `/v1/subscriptions/${id}/replay`, { after: 'now' })
    t.equal(nothing.json().code, 'subscription/nothing-to-replay')
    const other = await door.post('integration', `/v1/subscriptions/${id}/replay`, { after: 'bm9uc2Vuc2U' })
    t.equal(other.statusCode, 400)
  },
)

t.test('another address is taken at once; ended, it is over', async (t) => {
  const { door, receiver, subscribe, idle, page, deliveries } = await openSending(t)
  const { id } = await subscribe()
  const family = await registerFamily(door)
  await done(door, 'integration', `/v1/subscriptions/${id}/change-endpoint`, {
    endpoint: { url: `${receiver.url}/elsewhere`, concurrency: 1 },
  })
  await sendReferral(door, family)
  await idle()
  t.equal(receiver.taken.length, 1)
  receiver.behave(() => 500)
  await sendReferral(door, family)
  await idle()
  await done(door, 'integration', `/v1/subscriptions/${id}/end`)
  await idle()
  t.equal((await page(id)).state, 'ended')
  t.match(await deliveries(id), [
    { sequence: 2, state: 'givenUp' },
    { sequence: 1, state: 'delivered' },
  ])
})

t.test('a test event is signed like any other and tells of nobody', async (t) => {
  const { door, receiver, subscribe } = await openSending(t, { startedAt: Date.now() })
  const { id, secret } = await subscribe()
  const answer = await door.post('integration', `/v1/subscriptions/${id}/test`)
  t.match(answer.json(), { kind: 'answered', status: 204 })
  const [one] = receiver.received
  if (one) verifyBy(secret, one)
  t.match(one?.event, { type: 'jp.tsunagi.test.v1', data: {} })
})

t.test(
  'a node that is started again goes on: delivered is delivered, tried is tried again when due',
  async (t) => {
    const first = await openSending(t, { engine: 'sqlite' })
    const { id } = await first.subscribe()
    const [well, ill] = [await registerFamily(first.door), await registerFamily(first.door)]
    await sendReferral(first.door, well)
    await first.idle()
    first.receiver.behave(() => 500)
    await sendReferral(first.door, ill)
    await first.idle()
    await done(first.door, 'integration', `/v1/subscriptions/${id}/change-endpoint`, {
      endpoint: { url: first.receiver.url, concurrency: 2 },
    })
    await first.idle()
    await first.door.stop()
    first.receiver.behave(() => 204)
    const second = await openSending(t, {
      engine: 'sqlite',
      dataDir: first.door.dataDir,
      startedAt: Date.parse('2024-06-03T01:00:02.000Z'),
    })
    await second.idle()
    t.equal(first.receiver.received.length, 2, 'not before it is due')
    await second.pass(DAY)
    t.strictSame(sequencesOf(first.receiver), [1, 2])
    const lines = await second.deliveries(id)
    t.match(lines[0], { sequence: 2, state: 'delivered', attempts: [{ status: 500 }, { status: 204 }] })
    t.equal((await second.page(id)).progress.delivered, 2)
  },
)
