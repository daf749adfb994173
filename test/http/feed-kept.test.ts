import t from 'tap'
import { openTestDoor, problem } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { openStream } from '#test/kit/event-stream.ts'

const DAY = 86_400_000
let at = Date.parse('2024-06-03T01:00:00.000Z')
const door = await openTestDoor(t, { now: () => new Date(at).toISOString(), feedKeptDays: 30, listen: true })

const letters = async (count: number) => {
  for (let i = 0; i < count; i++) await sendReferral(door, await registerFamily(door))
}
const ask = async (query = '') => door.get('integration', `/v1/feeds/referrals?${query}`, await fresh(door))
const numbers = (body: { events: readonly { sequence: string }[] }) =>
  body.events.map(({ sequence }) => Number(sequence))
/** Lets all but one through. */
const FILTER = 'types=ReferralSent'

await letters(4)
const { id } = await sendReferral(door, await registerFamily(door))
await done(door, 'partner', `/v1/referrals/${id}/withdraw`, { reason: '取下げ' })
const early = (await ask('limit=2')).json().cursor
const earlyThrough = (await ask(`limit=2&${FILTER}`)).json().cursor
const boundary = (await ask('limit=6')).json().cursor
await done(door, 'integration', '/v1/feeds/referrals/consumers/nightly/commit', { cursor: early })
at += 20 * DAY
await letters(3)

await t.test('as long as it is kept, everything is told', async (t) => {
  t.strictSame(numbers((await ask()).json()), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.strictSame(numbers((await ask(`after=${early}`)).json()), [3, 4, 5, 6, 7, 8, 9])
})

at += 15 * DAY

await t.test('what is older is told no more, and who was there is told so', async (t) => {
  for (const [query, through] of [
    [`after=${early}`, ''],
    [`after=${earlyThrough}`, FILTER],
    ['consumer=nightly', ''],
  ] as const) {
    const answer = problem(t, await ask(`${query}&${through}`), 410, 'feed/no-longer-kept', ['oldest'])
    t.equal(answer.retryable, false)
    const next = await ask(`after=${answer.oldest}&${through}`)
    t.strictSame(
      numbers(next.json()),
      through ? [6, 7, 8] : [7, 8, 9],
      'with the numbers they have always had',
    )
  }
  t.strictSame(
    numbers((await ask(`after=${boundary}`)).json()),
    [7, 8, 9],
    'who has taken all of it misses nothing',
  )
  for (const query of ['', FILTER, 'consumer=new'])
    t.strictSame(
      numbers((await ask(query)).json()),
      query === FILTER ? [6, 7, 8] : [7, 8, 9],
      'who begins begins there',
    )
})

await t.test('a stream is not opened there', async (t) => {
  const open = await openStream(t, door, door.token('integration'), '', { 'last-event-id': early })
  t.equal(open.status, 410)
  t.equal(open.problem?.code, 'feed/no-longer-kept')
  const again = await openStream(t, door, door.token('integration'), '', {
    'last-event-id': String(open.problem?.oldest),
  })
  t.match(
    await again.take(3),
    [7, 8, 9].map((number) => ({ data: { sequence: String(number) } })),
  )
  again.close()
})

await t.test('a consumer goes on when it has been told where', async (t) => {
  const consumers = async () =>
    (await door.get('integration', '/v1/feeds/referrals/consumers', await fresh(door))).json().consumers
  t.match(await consumers(), [{ name: 'nightly', noLongerKept: true, feedBehind: 7 }])
  const { oldest } = (await ask('consumer=nightly')).json()
  await done(door, 'integration', '/v1/feeds/referrals/consumers/nightly/commit', { cursor: oldest })
  t.match(await consumers(), [{ name: 'nightly', noLongerKept: false, sequence: 6 }])
  t.strictSame(numbers((await ask('consumer=nightly')).json()), [7, 8, 9])
})

await t.test('when all of it is old there is nothing, and the next one has the next number', async (t) => {
  at += 60 * DAY
  t.strictSame(numbers((await ask()).json()), [])
  await letters(1)
  t.strictSame(numbers((await ask()).json()), [10])
})
