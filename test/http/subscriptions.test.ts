import t from 'tap'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { startReceiver, verifyBy } from '#test/kit/receiver.ts'

for (const engine of ['memory', 'sqlite'] as const)
  t.test(`on ${engine}: what a subscriber is sent, from creation to the end`, async (t) => {
    const door = await openTestDoor(t, { engine, sealedReferences: true })
    const receiver = await startReceiver(t)
    const id = newId()
    const family = await registerFamily(door)
    await sendReferral(door, family)
    const idle = async () =>
      t.equal(await door.system.deliveries.idle(await door.system.store.head(), 5_000), true)
    const created = await door.post('integration', `/v1/subscriptions/${id}/create`, {
      name: '区の業務システム',
      purpose: 'つなぎの受領状況を写す',
      endpoint: { url: receiver.url },
    })
    t.equal(created.statusCode, 201, created.body)
    const { secret, publicKey } = created.json()
    t.match(secret, /^whsec_/)
    t.match(publicKey, /^whpk_/)
    const letter = await sendReferral(door, family)
    await done(door, 'mchCoordinator', `/v1/referrals/${letter.id}/acknowledge`, {})
    await idle()
    t.strictSame(
      receiver.taken.map(({ event }) => [event.sequence, event.data.type]),
      [
        ['2', 'ReferralSent'],
        ['3', 'ReferralAcknowledged'],
      ],
    )
    for (const one of receiver.taken) verifyBy(secret, one)
    const feed = await door.get('integration', '/v1/feeds/referrals', await fresh(door))
    t.strictSame(
      feed.json().events.slice(1),
      receiver.taken.map(({ event }) => event),
      'the same as in the feed',
    )

    const page = (await door.get('integration', `/v1/subscriptions/${id}`, await fresh(door))).json()
    t.match(page, { state: 'active', progress: { sequence: 3, delivered: 2, feedBehind: 0 } })
    t.notOk(JSON.stringify(page).includes('whsec_'), 'no secret')
    const told = await door.get('partner', `/v1/referrals/${letter.id}`, await fresh(door))
    t.match(told.json().deliveries, [
      { organization: 'ORG-141097-W', system: '区の業務システム', state: 'delivered' },
      { state: 'delivered' },
    ])
    problem(t, await door.get('hubIntegration', `/v1/subscriptions/${id}`), 404, 'request/not-found')
  })
