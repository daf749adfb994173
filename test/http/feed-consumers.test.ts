import t from 'tap'
import { clusterOf } from '#test/kit/cluster.ts'
import { type Door, newId, openTestDoor, problem, type Who } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { openStream } from '#test/kit/event-stream.ts'

const CONSUMERS = '/v1/feeds/referrals/consumers'
type Page = { readonly events: readonly { readonly sequence: string }[]; readonly cursor: string }

const page = async (door: Door, query: string, who: Who = 'integration'): Promise<Page> =>
  (await door.get(who, `/v1/feeds/referrals?${query}`, await fresh(door))).json()
const numbers = ({ events }: Page) => events.map(({ sequence }) => Number(sequence))
const commit = (door: Door, name: string, body: object, who: Who = 'integration', headers = {}) =>
  door.post(who, `${CONSUMERS}/${name}/commit`, body, headers)
const listed = async (door: Door, who: Who = 'integration') =>
  (await door.get(who, CONSUMERS, await fresh(door))).json().consumers
const letters = async (door: Door, count: number) => {
  for (let i = 0; i < count; i++) await sendReferral(door, await registerFamily(door))
}

for (const engine of ['memory', 'sqlite', 'cluster'] as const)
  await t.test(`on ${engine}: a consumer goes on where it has said that it is`, async (t) => {
    const door = await openTestDoor(t, engine === 'cluster' ? await clusterOf('consumers') : { engine })
    await letters(door, 7)
    const first = await page(door, 'consumer=nightly&limit=3')
    t.strictSame(numbers(first), [1, 2, 3], 'who has committed nothing begins at the beginning')
    t.strictSame(numbers(await page(door, 'consumer=nightly&limit=3')), [1, 2, 3], 'reading is not taking')

    const answer = await commit(door, 'nightly', { cursor: first.cursor })
    t.equal(answer.statusCode, 201, answer.body)
    t.match(answer.json().events, [{ type: 'FeedConsumerNamed' }, { type: 'FeedPlaceCommitted' }])
    const second = await page(door, 'consumer=nightly&limit=3')
    t.strictSame(numbers(second), [4, 5, 6])
    t.strictSame(numbers(await page(door, 'consumer=other&limit=2')), [1, 2], 'each has its own place')
    t.strictSame(
      numbers(await page(door, 'consumer=nightly&limit=2', 'otherIntegration')),
      [1, 2],
      'and each program its own names',
    )
    t.strictSame(
      numbers(await page(door, `consumer=nightly&after=${second.cursor}`)),
      [7],
      'a cursor goes first',
    )

    await done(door, 'integration', `${CONSUMERS}/nightly/commit`, { cursor: second.cursor })
    t.match(await listed(door), [
      { name: 'nightly', sequence: 6, feedBehind: 1, cursor: second.cursor, noLongerKept: false },
    ])
  })

await t.test('the same place again is nothing new; one behind it is said to be meant', async (t) => {
  const door = await openTestDoor(t)
  await letters(door, 4)
  const [two, four] = [await page(door, 'limit=2'), await page(door, 'limit=4')]
  const key = newId()
  const begun = await commit(door, 'nightly', { cursor: four.cursor }, 'integration', {
    'idempotency-key': key,
  })
  t.equal(begun.statusCode, 201)
  const again = await commit(door, 'nightly', { cursor: four.cursor }, 'integration', {
    'idempotency-key': key,
  })
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.strictSame((await commit(door, 'nightly', { cursor: four.cursor })).json().events, [])
  problem(t, await commit(door, 'nightly', { cursor: two.cursor }), 409, 'feed-consumer/further-already')
  t.strictSame(numbers(await page(door, 'consumer=nightly')), [])
  t.equal((await commit(door, 'nightly', { cursor: two.cursor, back: true })).statusCode, 200)
  t.strictSame(numbers(await page(door, 'consumer=nightly')), [3, 4])
})

await t.test('two that share a name: whoever is slower takes nobody back', async (t) => {
  const door = await openTestDoor(t)
  await letters(door, 30)
  const cursors = await Promise.all(
    Array.from({ length: 30 }, async (_, i) => (await page(door, `limit=${i + 1}`)).cursor),
  )
  const answers = await Promise.all(
    [...cursors, ...cursors.toReversed()].map((cursor) => commit(door, 'shared', { cursor })),
  )
  const statuses = answers.map(({ statusCode }) => statusCode)
  t.equal(statuses.filter((status) => status === 201).length, 1)
  t.ok(statuses.includes(409) && statuses.every((status) => [200, 201, 409].includes(status)))
  t.strictSame(numbers(await page(door, 'consumer=shared')), [])
  t.match(await listed(door), [{ sequence: 30 }])
})

await t.test('it keeps its filter, which need not be said again, and takes no other', async (t) => {
  const door = await openTestDoor(t)
  await letters(door, 2)
  const filter = 'types=ReferralWithdrawn,ReferralSent&directions=inlet'
  const read = await page(door, `consumer=closings&limit=1&${filter}`)
  const body = { cursor: read.cursor, directions: ['inlet'], types: ['ReferralSent', 'ReferralWithdrawn'] }
  t.equal((await commit(door, 'closings', body)).statusCode, 201)
  t.strictSame(numbers(await page(door, 'consumer=closings')), [2])
  const further = await page(door, `consumer=closings&${filter}`)
  t.equal((await commit(door, 'closings', { cursor: further.cursor })).statusCode, 200)
  const other = await door.get('integration', '/v1/feeds/referrals?consumer=closings&directions=lateral')
  t.match(problem(t, other, 400, 'request/invalid').errors, [{ pointer: '/consumer', code: 'other_filter' }])
  const whole = await page(door, 'limit=1')
  problem(t, await commit(door, 'closings', { cursor: whole.cursor }), 400, 'request/invalid')
  const types = ['ReferralSent']
  const onlySent = await page(door, 'types=ReferralSent')
  problem(
    t,
    await commit(door, 'closings', { cursor: onlySent.cursor, types }),
    409,
    'feed-consumer/other-filter',
  )
})

await t.test('forgotten, its name is free for another filter', async (t) => {
  const door = await openTestDoor(t)
  await letters(door, 2)
  const { cursor } = await page(door, '')
  await done(door, 'integration', `${CONSUMERS}/nightly/commit`, { cursor })
  await done(door, 'integration', `${CONSUMERS}/nightly/forget`)
  t.strictSame(await listed(door), [])
  t.strictSame(numbers(await page(door, 'consumer=nightly')), [1, 2])
  problem(
    t,
    await door.post('integration', `${CONSUMERS}/nightly/forget`),
    409,
    'feed-consumer/illegal-transition',
  )
  const types = ['ReferralSent']
  const sent = await page(door, 'types=ReferralSent&limit=1')
  await done(door, 'integration', `${CONSUMERS}/nightly/commit`, { cursor: sent.cursor, types })
  t.strictSame(numbers(await page(door, 'consumer=nightly')), [2])
  t.match(await listed(door), [{ name: 'nightly', filter: { types }, sequence: 1 }])
})

await t.test('a stream begins there, too', async (t) => {
  const door = await openTestDoor(t, { listen: true })
  await letters(door, 3)
  const { cursor } = await page(door, 'limit=2')
  await done(door, 'integration', `${CONSUMERS}/nightly/commit`, { cursor })
  const open = await openStream(t, door, door.token('integration'), 'consumer=nightly')
  t.match(await open.take(1), [{ data: { sequence: '3' } }])
  open.close()
})

await t.test('whose it is, and who sees it', async (t) => {
  const door = await openTestDoor(t)
  await letters(door, 1)
  const { cursor } = await page(door, '')
  await done(door, 'integration', `${CONSUMERS}/nightly/commit`, { cursor })
  await done(door, 'wardManager', `${CONSUMERS}/nightly/commit`, { cursor })
  t.strictSame(await listed(door, 'otherIntegration'), [])
  t.match(await listed(door, 'admin'), [{ name: 'nightly' }, { name: 'nightly' }])
  t.equal(new Set((await listed(door, 'admin')).map((one: { subscriber: string }) => one.subscriber)).size, 2)
  for (const who of ['auditor', 'coordinator', 'bureau'] as const) {
    problem(t, await door.get(who, CONSUMERS), 403, 'access/role-not-allowed')
    problem(t, await commit(door, 'nightly', { cursor }, who), 403, 'access/role-not-allowed')
  }
  problem(t, await commit(door, 'nightly', { cursor }, 'admin'), 403, 'access/role-not-allowed')
  problem(t, await commit(door, 'UPPER', { cursor }), 404, 'feed-consumer/not-found')
  problem(t, await commit(door, 'x'.repeat(41), { cursor }), 404, 'feed-consumer/not-found')
  problem(t, await commit(door, 'nightly', { cursor: 'bm9uc2Vuc2U' }), 400, 'request/invalid')
  problem(t, await commit(door, 'nightly', {}), 400, 'request/invalid')
  problem(t, await door.post('integration', `${CONSUMERS}/unknown/forget`), 404, 'feed-consumer/not-found')
  problem(t, await door.get('admin', '/v1/feed-consumers/kohoku-system.nightly'), 404, 'request/not-found')
})

await t.test('a key that is not for reading events reads no place, either', async (t) => {
  const door = await openTestDoor(t)
  await done(door, 'admin', '/v1/integrations/manager-only/register', {
    organization: 'ORG-141097-W',
    name: '配信の管理だけ',
    scopes: ['subscriptions:manage'],
  })
  const issued = await done(door, 'admin', '/v1/integrations/manager-only/keys', { expiresOn: '2027-06-04' })
  const headers = { authorization: `Bearer ${issued.json().secret}`, 'content-type': 'application/json' }
  const ask = (method: 'GET' | 'POST', url: string) =>
    door.inject({ method, url, headers, ...(method === 'POST' && { payload: { cursor: 'x' } }) })
  for (const [method, url] of [
    ['GET', CONSUMERS],
    ['POST', `${CONSUMERS}/nightly/commit`],
    ['GET', '/v1/feeds/referrals'],
    ['GET', '/v1/feeds/referrals/stream'],
  ] as const)
    problem(t, await ask(method, url), 403, 'access/scope-missing')
})
