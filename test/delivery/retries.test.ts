import t from 'tap'
import { newId } from '#test/kit/door.ts'
import { done, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { until } from '#test/kit/redis.ts'
import { DAY, HOUR, MINUTE, openSending, SECOND, sequencesOf } from '#test/kit/sending.ts'

const WARD = 'mchCoordinator'

t.test(
  'a family’s events keep their order while one of them is tried again; other families go on',
  async (t) => {
    const { door, receiver, subscribe, idle, pass, deliveries } = await openSending(t)
    const { id } = await subscribe()
    const [one, other] = [await registerFamily(door), await registerFamily(door)]
    let refused: string | undefined
    receiver.behave(({ event }) => {
      refused ??= event.partitionkey
      return event.partitionkey === refused ? 500 : 204
    })
    const letter = await sendReferral(door, one)
    await idle()
    await done(door, WARD, `/v1/referrals/${letter.id}/acknowledge`, {})
    await sendReferral(door, other)
    await idle()
    t.strictSame(sequencesOf(receiver), [3])
    t.equal(receiver.received.length, 2, 'the second of the first family was not even tried')
    receiver.behave(() => 200)
    await pass(4 * SECOND - 1)
    t.equal(receiver.received.length, 2, 'not before it is due')
    await pass(2 * SECOND + 1)
    t.strictSame(sequencesOf(receiver), [3, 1, 2])
    t.equal(
      new Set(
        receiver.received
          .slice(0, 1)
          .concat(receiver.taken.slice(1, 2))
          .map((r) => r.id),
      ).size,
      1,
      'the same webhook-id',
    )
    const [line] = (await deliveries(id)).filter(({ sequence }) => sequence === 1)
    t.match(line, { state: 'delivered', attempts: [{ status: 500 }, { status: 200 }] })
  },
)

t.test(
  'after ten attempts a family is parked and said to be, never dropped, in nobody’s way, and released in order',
  async (t) => {
    const { door, receiver, subscribe, idle, pass, page, deliveries } = await openSending(t)
    const { id } = await subscribe()
    const [poison, well] = [await registerFamily(door), await registerFamily(door)]
    let poisoned = ''
    receiver.behave(({ event }) => {
      poisoned ||= event.partitionkey
      return event.partitionkey === poisoned ? 422 : 204
    })
    const letter = await sendReferral(door, poison)
    await idle()
    const steps = [
      5 * SECOND,
      5 * MINUTE,
      30 * MINUTE,
      2 * HOUR,
      5 * HOUR,
      10 * HOUR,
      14 * HOUR,
      20 * HOUR,
      24 * HOUR,
    ]
    for (const [i, step] of steps.entries()) {
      t.equal(receiver.received.length, i + 1)
      // Somebody else’s are taken meanwhile: it is not the endpoint’s fault.
      if (i < 8) {
        await sendReferral(door, well)
        await idle()
        receiver.received.pop()
      }
      await pass(Math.ceil(step * 1.2) + 1)
    }
    t.equal(receiver.received.length, 10)
    const later = await done(door, WARD, `/v1/referrals/${letter.id}/acknowledge`, {})
    t.equal(later.statusCode, 200)
    await idle()
    t.equal(receiver.received.length, 10, 'what comes behind is not tried')
    t.match((await page(id)).progress, { parked: 2, delivered: 8 })
    const parked = await deliveries(id, 'state=parked')
    t.equal(parked.length, 2)
    t.match(parked.at(-1), { sequence: 1, state: 'parked' })
    t.equal(parked.at(-1)?.attempts.length, 10)

    receiver.behave(() => 204)
    const before = receiver.taken.length
    await done(door, 'integration', `/v1/subscriptions/${id}/release-parked`)
    await idle()
    t.strictSame(sequencesOf(receiver).slice(before), [1, 10])
    t.match((await page(id)).progress, { parked: 0, delivered: 10, sequence: 10 })
  },
)

t.test(
  'an endpoint that takes nothing is warned of after three days, disabled after five, and catches up by itself',
  async (t) => {
    const { door, receiver, subscribe, idle, pass, page } = await openSending(t)
    const { id } = await subscribe()
    const families = []
    for (let i = 0; i < 6; i++) families.push(await registerFamily(door))
    receiver.behave(() => 500)
    for (const family of families) await sendReferral(door, family)
    await idle()
    const tried = receiver.received.length
    t.equal(tried, 6)
    await pass(6 * SECOND)
    t.equal(receiver.received.length, 7, 'the breaker is open: one finds out for all')
    for (let hours = 0; hours < 71; hours += 1) await pass(HOUR)
    t.match(await page(id), { state: 'active', failingSince: undefined })
    await pass(2 * HOUR)
    await until(async () => (await page(id)).failingSince !== undefined, 'its administrators are told')
    t.match(await page(id), { state: 'active', failingSince: /^2024-06-03T/ })
    for (let hours = 0; hours < 50; hours += 1) await pass(HOUR)
    await until(async () => (await page(id)).state === 'disabled', 'disabled')
    t.match(await page(id), { disabled: { because: 'failing' } })
    const spent = receiver.received.length
    await pass(2 * DAY)
    t.equal(receiver.received.length, spent, 'nothing is sent to it any more')
    receiver.behave(() => 204)
    await sendReferral(door, families[0] ?? ({ id: newId() } as never))
    await idle()
    t.equal(receiver.taken.length, 0)
    await done(door, 'integration', `/v1/subscriptions/${id}/enable`)
    await idle()
    t.strictSame(
      [...sequencesOf(receiver)].sort((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7],
    )
    const first = sequencesOf(receiver).filter((sequence) => sequence === 1 || sequence === 7)
    t.strictSame(first, [1, 7])
    t.match(await page(id), { state: 'active', progress: { parked: 0, delivered: 7, failingSince: null } })
  },
)

t.test('410 disables at once; enabled, it goes on with the same event', async (t) => {
  const { door, receiver, subscribe, idle, page } = await openSending(t)
  const { id } = await subscribe()
  const family = await registerFamily(door)
  receiver.behave(() => 410)
  await sendReferral(door, family)
  await idle()
  t.match(await page(id), { state: 'disabled', disabled: { because: 'gone' } })
  receiver.behave(() => 204)
  await done(door, 'integration', `/v1/subscriptions/${id}/enable`)
  await idle()
  t.strictSame(sequencesOf(receiver), [1])
  t.equal(new Set(receiver.received.map((one) => one.id)).size, 1)
})

t.test('429 and 503 with Retry-After: nobody calls before', async (t) => {
  const { door, receiver, subscribe, idle, pass } = await openSending(t)
  await subscribe()
  receiver.behave(() => (response) => void response.writeHead(429, { 'retry-after': '600' }).end())
  await sendReferral(door, await registerFamily(door))
  await idle()
  receiver.behave(() => 204)
  await sendReferral(door, await registerFamily(door))
  await pass(9 * MINUTE)
  t.equal(receiver.received.length, 1, 'neither this family nor another')
  await pass(2 * MINUTE)
  t.equal(receiver.taken.length, 2)
})

t.test('a receiver that comes back is found within its rest, and takes all that waited', async (t) => {
  const { door, receiver, subscribe, idle, pass } = await openSending(t)
  await subscribe()
  await receiver.stop()
  for (let i = 0; i < 8; i++) await sendReferral(door, await registerFamily(door))
  await idle()
  for (let i = 0; i < 4; i++) await pass(MINUTE)
  await receiver.restart()
  await pass(5 * MINUTE)
  await pass(5 * MINUTE)
  t.strictSame(
    [...sequencesOf(receiver)].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  )
})

t.test('enabled again, an endpoint has its five days again, and is disabled again after them', async (t) => {
  const { door, receiver, subscribe, idle, pass, page } = await openSending(t)
  const { id } = await subscribe()
  receiver.behave(() => 500)
  await sendReferral(door, await registerFamily(door))
  await idle()
  await pass(5 * DAY + HOUR)
  await until(async () => (await page(id)).state === 'disabled', 'disabled')
  await done(door, 'integration', `/v1/subscriptions/${id}/enable`)
  await idle()
  await pass(4 * DAY)
  t.equal((await page(id)).state, 'active')
  await pass(DAY + HOUR)
  await until(async () => (await page(id)).state === 'disabled', 'disabled again')
})
