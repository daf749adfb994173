import t from 'tap'
import { newId } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral, sendUnderConsent } from '#test/kit/door-story.ts'
import { DAY, openSending, SECOND, sequencesOf } from '#test/kit/sending.ts'

t.test(
  'a withdrawn consent: nothing more is sent, and the log says so; the feed keeps the envelope',
  async (t) => {
    const { door, receiver, subscribe, idle, pass, page, deliveries } = await openSending(t)
    const { id } = await subscribe()
    const family = await registerFamily(door)
    receiver.behave(() => 500)
    const { consentId } = await sendUnderConsent(door, family, '要約')
    await idle()
    t.equal(receiver.received.length, 1, 'it was tried')
    receiver.behave(() => 204)
    await done(door, 'partner', `/v1/consents/${consentId}/withdraw`, {})
    await pass(6 * SECOND)
    t.equal(receiver.received.length, 1, 'and is not tried again')
    const [line] = await deliveries(id, 'state=withheld')
    t.match(line, { sequence: 1, state: 'withheld' })
    t.match((await page(id)).progress, { sequence: 1, withheld: 1, delivered: 0 })
    const feed = await door.get('integration', '/v1/feeds/referrals', await fresh(door))
    t.equal(feed.json().events.length, 1)

    await sendReferral(door, await registerFamily(door))
    await idle()
    t.strictSame(sequencesOf(receiver), [2], 'others are not concerned')
  },
)

t.test('a consent that has run out is like one withdrawn', async (t) => {
  const { door, receiver, subscribe, pass, deliveries, idle } = await openSending(t)
  const { id } = await subscribe({ grantedUntil: '2025-07-01' })
  receiver.behave(() => 500)
  await sendUnderConsent(door, await registerFamily(door), '要約')
  await idle()
  await done(door, 'integration', `/v1/subscriptions/${id}/pause`)
  await idle()
  await pass(370 * DAY)
  receiver.behave(() => 204)
  await done(door, 'integration', `/v1/subscriptions/${id}/resume`)
  await idle()
  t.equal(receiver.taken.length, 0)
  t.match(await deliveries(id), [{ state: 'withheld' }])
})

t.test('a revoked grant: nothing is sent after it; renewed, what is new is', async (t) => {
  const { door, receiver, subscribe, idle, page } = await openSending(t)
  const { id } = await subscribe()
  const family = await registerFamily(door)
  await done(door, 'admin', `/v1/subscriptions/${id}/revoke-grant`, { because: 'agreementEnded' })
  const refused = await door.post('integration', `/v1/subscriptions/${id}/revoke-grant`, {
    because: 'misuse',
  })
  t.equal(refused.statusCode, 403)
  await sendReferral(door, family)
  await idle()
  t.equal(receiver.received.length, 0)
  t.match((await page(id)).progress, { withheld: 1 })
  await done(door, 'admin', `/v1/subscriptions/${id}/renew-grant`, {
    purpose: '受領状況',
    until: '2025-03-31',
  })
  await sendReferral(door, family)
  await idle()
  t.strictSame(sequencesOf(receiver), [2])
})

t.test('a grant ends with its last day', async (t) => {
  const { door, receiver, subscribe, pass, idle, page } = await openSending(t)
  const { id } = await subscribe({ grantedUntil: '2024-06-04' })
  await pass(DAY)
  await sendReferral(door, await registerFamily(door))
  await idle()
  t.equal(receiver.taken.length, 1)
  await pass(DAY)
  await sendReferral(door, await registerFamily(door))
  await idle()
  t.equal(receiver.received.length, 1)
  t.match((await page(id)).progress, { delivered: 1, withheld: 1 })
})

t.test('a program whose place is gone gets nothing', async (t) => {
  const { door, receiver, subscribe, idle } = await openSending(t)
  await subscribe()
  await done(door, 'admin', '/v1/staff/kohoku-system/close-account', { reason: 'left' })
  await sendReferral(door, await registerFamily(door))
  await idle()
  t.equal(receiver.received.length, 0)
})

t.test('nobody subscribes for another, to nowhere, or longer than is allowed', async (t) => {
  const { door } = await openSending(t)
  const good = { name: '名', purpose: '目的', endpoint: { url: 'http://127.0.0.1:9/' } }
  const create = (who: 'integration' | 'partner' | 'admin', body: object) =>
    door.post(who, `/v1/subscriptions/${newId()}/create`, { ...good, ...body })
  t.equal((await create('partner', {})).statusCode, 403)
  t.equal((await create('integration', { subscriber: 'hub-system' })).statusCode, 400)
  t.equal((await create('admin', {})).statusCode, 400, 'for whom?')
  t.equal((await create('admin', { subscriber: 'kohoku-system' })).statusCode, 201)
  t.equal((await create('integration', { grantedUntil: '2026-06-03' })).statusCode, 400)
  for (const url of ['ftp://a.example', 'http://example.jp/', 'https://10.0.0.1/', 'https://u:p@example.jp/'])
    t.equal((await create('integration', { endpoint: { url } })).statusCode, 400, url)
})
