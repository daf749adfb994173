import t from 'tap'
import { clusterOf } from '#test/kit/cluster.ts'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { startReceiver, verifyBy } from '#test/kit/receiver.ts'

for (const engine of ['memory', 'sqlite', 'cluster'] as const)
  t.test(`on ${engine}: what a subscriber is sent, from creation to the end`, async (t) => {
    const on = engine === 'cluster' ? await clusterOf('subscriptions') : { engine }
    const door = await openTestDoor(t, { ...on, sealedReferences: true })
    const receiver = await startReceiver(t)
    const id = newId()
    const family = await registerFamily(door)
    await sendReferral(door, family)
    const idle = async () =>
      t.equal(await door.system.deliveries.idle(await door.system.store.head(), 20_000), true)
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

t.test(
  'through a filter pull and webhook have the same numbers, and a cursor of one is good for the other',
  async (t) => {
    const door = await openTestDoor(t, { sealedReferences: true })
    const receiver = await startReceiver(t)
    const family = await registerFamily(door)
    const id = newId()
    await done(door, 'integration', `/v1/subscriptions/${id}/create`, {
      name: '区の業務システム',
      purpose: '受領状況',
      filter: { types: ['ReferralSent', 'ReferralDeclined'] },
      endpoint: { url: receiver.url },
    })
    for (let i = 0; i < 4; i++) {
      const letter = await sendReferral(door, family)
      await done(door, 'mchCoordinator', `/v1/referrals/${letter.id}/acknowledge`, {})
    }
    t.equal(await door.system.deliveries.idle(await door.system.store.head(), 5_000), true)
    const pull = async (query: string) =>
      door.get('integration', `/v1/feeds/referrals?${query}`, await fresh(door))
    const types = 'types=ReferralDeclined,ReferralSent'
    const all = (await pull(types)).json()
    t.strictSame(
      all.events.map(({ sequence }: { sequence: string }) => sequence),
      ['1', '2', '3', '4'],
    )
    t.strictSame(
      all.events,
      receiver.taken.map(({ event }) => event),
    )
    const lines = (
      await door.get('integration', `/v1/subscriptions/${id}/deliveries`, await fresh(door))
    ).json()
    const { cursor } = lines.deliveries.at(-2)
    t.strictSame((await pull(`${types}&after=${cursor}&limit=1`)).json().events, all.events.slice(2, 3))
    for (const other of ['', 'types=ReferralSent', 'wards=141097'])
      problem(t, await pull(`${other}&after=${cursor}`), 400, 'request/invalid')
    const unknown = problem(t, await pull('types=ReferralSent,VisitRecorded'), 400, 'request/invalid')
    t.match(unknown.errors, [{ pointer: '/types/1' }])
    t.equal((await pull('wards=141097&organizations=ORG-141097-H&directions=inlet')).json().events.length, 8)
    t.strictSame((await pull('wards=141011')).json().events, [])

    await done(door, 'integration', `/v1/subscriptions/${id}/replay`, { after: cursor })
    t.equal(await door.system.deliveries.idle(await door.system.store.head(), 5_000), true)
    t.strictSame(
      receiver.taken.slice(4).map(({ event }) => event.sequence),
      ['3', '4'],
    )
  },
)

t.test('who may not read events is not sent any, whatever else the key is for', async (t) => {
  const door = await openTestDoor(t)
  const receiver = await startReceiver(t)
  const keyFor = async (id: string, scopes: readonly string[]) => {
    const organization = 'ORG-141097-W'
    await done(door, 'admin', `/v1/integrations/${id}/register`, { organization, name: '連携', scopes })
    const expiresOn = new Date(Date.now() + 86_400_000 * 30).toISOString().slice(0, 10)
    return (await done(door, 'admin', `/v1/integrations/${id}/keys`, { expiresOn })).json().secret
  }
  const create = (key: string) =>
    door.inject({
      method: 'POST',
      url: `/v1/subscriptions/${newId()}/create`,
      headers: { authorization: `Bearer ${key}` },
      payload: { name: '連携', purpose: '目的', endpoint: { url: receiver.url } },
    })
  problem(t, await create(await keyFor('only-manages', ['subscriptions:manage'])), 400, 'request/invalid')
  problem(t, await create(await keyFor('only-reads', ['events:read'])), 403, 'access/scope-missing')
  t.equal((await create(await keyFor('does-both', ['events:read', 'subscriptions:manage']))).statusCode, 201)
})
