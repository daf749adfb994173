import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { catalogue } from '#domain/events.ts'
import { noteOf } from '#src/write/note.ts'
import { type Door, openTestDoor, staff, type Who } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { openStream } from '#test/kit/event-stream.ts'
import { until } from '#test/kit/redis.ts'

const openDoor = (t: Test, more: object = {}) => openTestDoor(t, { listen: true, ...more })
const stream = (t: Test, door: Door, who: Who, query = '', headers = {}) =>
  openStream(t, door, door.token(who), query, headers)
const pull = async (door: Door, who: Who, query = '') =>
  (await door.get(who, `/v1/feeds/referrals?limit=500&${query}`, await fresh(door))).json()
/** As it would stand in the log. */
const acknowledged = () =>
  noteOf(
    'ReferralAcknowledged',
    catalogue.ReferralAcknowledged,
    {},
    {
      recordedAt: new Date().toISOString(),
      actor: staff.mchCoordinator,
    },
  )
const letters = async (door: Door, count: number) => {
  for (let i = 0; i < count; i++) await sendReferral(door, await registerFamily(door))
  await door.settled()
}

/** Connected, and never reading. */
const paused = async (t: Test, door: Door) => {
  const socket = connect(Number(new URL(door.origin).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  socket.pause()
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  socket.write(
    `GET /v1/feeds/referrals/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${door.token('integration')}\r\n\r\n`,
  )
  return socket
}

await t.test('it tells what the pull feed tells, with the same numbers and cursors', async (t) => {
  const door = await openDoor(t)
  await letters(door, 120)
  const { events, cursor } = await pull(door, 'integration')
  const open = await stream(t, door, 'integration')
  t.equal(open.status, 200)
  t.match(open.headers.get('content-type'), /^text\/event-stream/)
  t.equal(open.headers.get('cache-control'), 'no-store')
  t.equal(open.headers.get('x-accel-buffering'), 'no')
  const told = await open.take(120)
  t.strictSame(
    told.map(({ data }) => data),
    events,
  )
  t.equal(open.lastId(), cursor)
  t.match(open.raw(), /^retry: \d+\n\n/)

  const after = told[49]?.id ?? ''
  t.strictSame((await pull(door, 'integration', `after=${after}`)).events, events.slice(50))
  for (const [query, headers] of [
    ['', { 'last-event-id': after }],
    [`after=${after}`, {}],
    [`after=${told[3]?.id}`, { 'last-event-id': after }],
    [`after=${after}`, { 'last-event-id': '' }],
  ] as const) {
    const again = await stream(t, door, 'integration', query, headers)
    t.strictSame(
      (await again.take(70)).map(({ data }) => data),
      events.slice(50),
    )
    again.close()
  }
})

await t.test('what happens while it is open comes at once, through its filter', async (t) => {
  const door = await openDoor(t)
  const everything = await stream(t, door, 'integration')
  const withdrawals = await stream(t, door, 'integration', 'types=ReferralWithdrawn')
  const { id } = await sendReferral(door, await registerFamily(door))
  t.match(await everything.take(1), [{ data: { sequence: '1', type: /ReferralSent/ } }])
  await done(door, 'partner', `/v1/referrals/${id}/withdraw`, { reason: '取下げ' })
  t.match(await everything.take(1), [{ data: { sequence: '2', type: /ReferralWithdrawn/ } }])
  t.match(await withdrawals.take(1), [{ data: { sequence: '1', type: /ReferralWithdrawn/ } }])
})

await t.test('when nothing fits it says that it is there, and moves the cursor', async (t) => {
  const door = await openDoor(t, { streamTimes: { heartbeatMs: 100, stalledMs: 60_000 } })
  const filter = 'types=ReferralWithdrawn'
  const open = await stream(t, door, 'integration', filter)
  await until(() => open.lastId() !== '', 'a first heartbeat')
  const before = open.lastId()
  await letters(door, 3)
  await until(() => open.lastId() !== before, 'a heartbeat further on')
  t.match(open.raw(), /\n\n: still here\nid: /)
  t.equal(open.lastId(), (await pull(door, 'integration', filter)).cursor)
  open.close()
})

await t.test('who may not read any more is told nothing more', async (t) => {
  const door = await openDoor(t)
  await done(door, 'admin', '/v1/integrations/ward-system/register', {
    organization: 'ORG-141097-W',
    name: '区の業務システム',
    scopes: ['events:read'],
  })
  const issued = await done(door, 'admin', '/v1/integrations/ward-system/keys', { expiresOn: '2027-06-04' })
  const { key, secret } = issued.json()
  const open = await openStream(t, door, secret)
  await letters(door, 2)
  await open.take(2)
  await done(door, 'admin', '/v1/integrations/ward-system/revoke-api-key', { key, reason: 'leaked' })
  await letters(door, 3)
  t.strictSame(
    (await open.ended()).map(({ event, data }) => [event, data]),
    [['end', { code: 'access/bad-token' }]],
  )
  t.equal((await openStream(t, door, secret)).status, 401, 'nor when it comes again')
})

await t.test('it ends when the token does', async (t) => {
  const door = await openDoor(t)
  const open = await openStream(t, door, await door.issuer.sign('kohoku-system', -3))
  t.equal(open.status, 200, 'a clock may be a little off')
  t.match(await open.ended(), [{ event: 'end', data: { code: 'access/bad-token' } }])
})

await t.test('it ends when the server does, and says so', async (t) => {
  const door = await openDoor(t)
  const open = await stream(t, door, 'integration')
  await paused(t, door)
  const stopped = door.stop()
  t.match(await open.ended(), [{ event: 'end', data: { code: 'service/closing' } }])
  await stopped
})

await t.test('who does not read costs a page, not the feed, and is cut off', async (t) => {
  const door = await openDoor(t, { streamTimes: { heartbeatMs: 15_000, stalledMs: 700 } })
  await letters(door, 60)
  const { events } = await pull(door, 'integration')
  for (const { subject } of events)
    await door.system.store.append(`referral-${subject}`, 'any', Array.from({ length: 200 }, acknowledged))
  await door.settled()

  const sockets = new Set<Socket>()
  door.app.server.on('connection', (socket) => void sockets.add(socket))
  await paused(t, door)
  let written = 0
  let held = 0
  await until(() => {
    for (const socket of sockets) {
      written = Math.max(written, socket.bytesWritten)
      held = Math.max(held, socket.writableLength)
    }
    return sockets.size > 0 && [...sockets].every(({ destroyed }) => destroyed)
  }, 'cut off')
  const everything = (JSON.stringify(events).length / events.length) * events.length * 200
  t.comment(`${written} bytes of ${everything} went; ${held} were held`)
  t.ok(written < everything, 'it did not run to the end')
  t.ok(held < 256 * 1024, `${held} bytes were held`)
})

await t.test('what cannot be opened is answered like anything else', async (t) => {
  const door = await openDoor(t)
  for (const [who, query, status, code] of [
    ['integration', 'after=bm9uc2Vuc2U', 400, 'request/invalid'],
    ['integration', 'types=Nonsense', 400, 'request/invalid'],
    ['integration', 'wait=3', 400, 'request/invalid'],
    ['integration', 'consumer=UPPER', 400, 'request/invalid'],
    ['auditor', '', 403, 'access/role-not-allowed'],
    ['coordinator', '', 403, 'access/role-not-allowed'],
  ] as const) {
    const open = await stream(t, door, who, query)
    t.equal(open.status, status)
    t.equal(open.problem?.code, code)
  }
  const answer = await fetch(`${door.origin}/v1/feeds/referrals/stream`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${door.token('integration')}` },
  })
  t.equal(answer.status, 404, 'there is no end whose length could be told')
})

await t.test('somebody has a few of them at a time', async (t) => {
  const door = await openDoor(t)
  const open = await Promise.all(Array.from({ length: 8 }, () => stream(t, door, 'integration')))
  t.ok(open.every(({ status }) => status === 200))
  const ninth = await stream(t, door, 'integration')
  t.equal(ninth.status, 429)
  t.equal(ninth.problem?.code, 'feed/too-many-streams')
  t.equal((await stream(t, door, 'otherIntegration')).status, 200, 'others have their own')
  open[0]?.close()
  await until(async () => (await stream(t, door, 'integration')).status === 200, 'one is free again')
})

await t.test('forty at once are all told, and nothing is left of them', async (t) => {
  const door = await openDoor(t)
  const who = ['integration', 'otherIntegration', 'hubIntegration', 'cityIntegration', 'wardManager'] as const
  const all = await Promise.all(who.flatMap((one) => Array.from({ length: 8 }, () => stream(t, door, one))))
  await letters(door, 30)
  for (const open of all) t.equal((await open.take(30)).length, 30)
  for (const open of all) open.close()
  await until(
    () => new Promise((resolve) => door.app.server.getConnections((_, count) => resolve(count === 0))),
    'everybody is gone',
  )
})
