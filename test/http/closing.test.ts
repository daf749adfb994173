import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Door, newId, openTestDoor, problem } from '#test/kit/door.ts'

const body = JSON.stringify({ visitors: ['mother'] })

/** A connection that sends what it is told to and collects what comes. */
const line = async (t: Test, door: Door) => {
  const socket: Socket = connect(Number(new URL(door.origin).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString()
  })
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  const until = async (pattern: RegExp) => {
    for (let tries = 0; tries < 400 && !pattern.test(received); tries++) await pause(10)
    return received
  }
  return { socket, closed, until }
}
const head = (door: Door, method: string, path: string, more = '') =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${door.token('nakamura')}\r\n${more}\r\n`
const posting = (door: Door, id: string) =>
  head(
    door,
    'POST',
    `/v1/visits/${id}/record`,
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`,
  )

await t.test('who has never asked anything does not keep it open', async (t) => {
  const door = await openTestDoor(t, { listen: true })
  const silent = await line(t, door)
  await pause(100)
  const started = performance.now()
  await door.app.close()
  await silent.closed
  t.ok(performance.now() - started < 5_000)
})

await t.test('what has begun is answered, what comes later is refused, then it is closed', async (t) => {
  const door = await openTestDoor(t, { engine: 'sqlite', listen: true })
  const { origin } = door
  const id = newId()
  const begun = await line(t, door)
  begun.socket.write(posting(door, id) + body.slice(0, 5))
  const late = await line(t, door)
  late.socket.write(head(door, 'GET', '/v1/sites').slice(0, -2))
  const waiting = await line(t, door)
  waiting.socket.write(head(door, 'GET', '/v1/feeds/referrals?wait=25'))
  await pause(200)

  const started = performance.now()
  const stopped = door.app.close()
  await pause(100)
  await t.rejects(fetch(`${origin}/livez`), 'nobody new comes in')

  begun.socket.write(body.slice(5))
  const carriedOut = await begun.until(/VisitRecorded/)
  t.match(carriedOut, /^HTTP\/1\.1 201 /, 'what had begun is carried out')
  t.match(carriedOut, /connection: close/i)
  await begun.closed

  late.socket.write('\r\n')
  const refused = await late.until(/"retryable":true/)
  t.match(refused, /^HTTP\/1\.1 503 /, 'what comes later is told to go elsewhere')
  t.match(refused, /retry-after: 1\r/i)
  t.match(refused, /"code":"service\/closing"/)
  await late.closed

  t.match(await waiting.until(/"events":\[\]/), /^HTTP\/1\.1 200 /, 'who waited for news is let go')
  await stopped
  t.ok(performance.now() - started < 5_000, 'soon')
  t.equal((await door.system.store.read(`visit-${id}`)).length, 1, 'and it is in the log')
})

await t.test('everything answered before the end is there after a restart', async (t) => {
  const door = await openTestDoor(t, { engine: 'sqlite', listen: true })
  const ids = Array.from({ length: 60 }, newId)
  const answers = ids.map(async (id) => {
    try {
      const response = await fetch(`${door.origin}/v1/visits/${id}/record`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${door.token('nakamura')}`, 'content-type': 'application/json' },
      })
      return response.status
    } catch {
      return 0
    }
  })
  await Promise.race(answers)
  await door.stop()
  const statuses = await Promise.all(answers)
  t.ok(statuses.includes(201))
  t.strictSame(
    statuses.filter((status) => ![0, 201, 503].includes(status)),
    [],
  )

  const again = await openTestDoor(t, { engine: 'sqlite', dataDir: door.dataDir })
  for (const [i, id] of ids.entries()) {
    const kept = (await again.system.store.read(`visit-${id}`)).length
    if (statuses[i] === 201) t.equal(kept, 1, 'acknowledged is kept')
    if (statuses[i] === 503) t.equal(kept, 0, 'refused is not')
  }
})

await t.test(
  'health: alive, ready when views and processes are up, and nothing told to strangers',
  async (t) => {
    const door = await openTestDoor(t)
    await door.settled()
    const ready = async () => door.inject({ method: 'GET', url: '/readyz' })
    t.strictSame((await door.inject({ method: 'GET', url: '/livez' })).json(), { status: 'ok' })
    t.strictSame([(await ready()).statusCode, (await ready()).json()], [200, { status: 'ok', lagSeconds: 0 }])
    await door.system.processes.stop()
  },
)

await t.test('too many requests are asked to wait', async (t) => {
  const door = await openTestDoor(t, { ratePerMinute: 5 })
  const ask = (who: 'partner' | 'nakamura') => door.get(who, `/v1/families/${newId()}`)
  for (let i = 0; i < 5; i++) t.equal((await ask('partner')).statusCode, 404)
  const refused = await ask('partner')
  t.equal(problem(t, refused, 429, 'request/too-many').retryable, true)
  t.match(refused.headers['retry-after'], /^\d+$/)
  t.equal((await ask('nakamura')).statusCode, 404, 'each for themselves')
})

await t.test('dev mode says so in every answer', async (t) => {
  const door = await openTestDoor(t, { devMode: true })
  for (const url of ['/livez', '/v1/nowhere', '/openapi.json'])
    t.equal((await door.inject({ method: 'GET', url })).headers['tsunagi-mode'], 'dev', url)
})
