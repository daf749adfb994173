import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Counts, sharedCounts } from '#infra/redis/shared-counts.ts'
import { served } from '#test/cli/kit/run.ts'
import { startDoubleProcess } from '#test/eventstoredb-double/kit/process.ts'
import { type Door, newId, openTestDoor, problem, staff, type Who } from '#test/kit/door.ts'
import { connectTo, noRedis, startRedis, type TestRedis, until } from '#test/kit/redis.ts'

t.setTimeout(120_000)

const MOST = 6
/** A connection that gives nothing up by itself: what bounds the waiting is the limit's own. */
const PATIENT_MS = 600_000

type Node = Door & { readonly counts: Counts; readonly isUp: () => boolean }

const node = async (t: Test, redis: TestRedis, answerMs?: number): Promise<Node> => {
  const connection = await connectTo(t, redis, answerMs)
  const counts = sharedCounts({ connection, secret: 'of these tests' })
  const door = await openTestDoor(t, { ratePerMinute: MOST, counts })
  return Object.assign(door, { counts, isUp: connection.isUp })
}

/** Asks so often as somebody; what was answered, and how long the slowest took. */
const ask = async (door: Door, who: Who, times: number) => {
  const answered: number[] = []
  let slowest = 0
  for (let i = 0; i < times; i++) {
    const began = performance.now()
    answered.push((await door.get(who, `/v1/families/${newId()}`)).statusCode)
    slowest = Math.max(slowest, performance.now() - began)
  }
  return { answered, slowest: Math.round(slowest) }
}
const passed = (number: number) => Array.from({ length: number }, () => 404)

/** Resolves when what is counted at the one is known at the other. */
const shared = (one: Node, other: Node) =>
  until(async () => {
    const who = newId()
    await one.counts.count(who, 60_000, MOST)
    return (await other.counts.count(who, 60_000, MOST)).current === 2
  }, 'counts are shared')

await t.test('two nodes over one Redis share the limit', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const [one, other] = await Promise.all([node(t, redis), node(t, redis)])
  await shared(one, other)
  t.strictSame((await ask(one, 'partner', 4)).answered, passed(4))
  t.strictSame((await ask(other, 'partner', 2)).answered, passed(2))
  for (const door of [other, one]) {
    const refused = await door.get('partner', `/v1/families/${newId()}`)
    t.equal(problem(t, refused, 429, 'request/too-many').retryable, true)
    t.match(refused.headers['retry-after'], /^[1-9]\d*$/)
  }
  t.strictSame((await ask(other, 'nakamura', 1)).answered, passed(1), 'each for themselves')
})

await t.test('nothing in Redis says who it was, and nothing stays', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const { client } = await connectTo(t, redis)
  const door = await node(t, redis)
  await ask(door, 'partner', 2)
  await door.inject({ method: 'GET', url: '/livez', remoteAddress: '203.0.113.7' })
  const keys = await client.keys('*')
  t.equal(keys.length, 2)
  for (const key of keys) {
    t.match(key, /^tsunagi:rate:[\w-]{43}$/)
    t.notMatch(key, staff.partner.staffId)
    const left = await client.pttl(key)
    t.ok(left > 0 && left <= 60_000, `${left} ms left`)
  }
})

for (const [how, away, back] of [
  ['killed', (redis: TestRedis) => redis.kill(), (redis: TestRedis) => redis.restart()],
  ['frozen', async (redis: TestRedis) => redis.freeze(), async (redis: TestRedis) => redis.thaw()],
] as const)
  await t.test(`${how}, Redis holds nobody up and lets nobody through`, { skip: noRedis }, async (t) => {
    const redis = await startRedis(t)
    const [one, other] = await Promise.all([node(t, redis, PATIENT_MS), node(t, redis, PATIENT_MS)])
    await shared(one, other)
    t.strictSame((await ask(one, 'partner', 4)).answered, passed(4))
    await away(redis)
    const begun = await ask(one, 'partner', 3)
    t.strictSame(begun.answered, [...passed(2), 429], 'the count does not begin anew')
    const anew = await ask(one, 'nakamura', MOST + 1)
    t.strictSame(anew.answered, [...passed(MOST), 429], 'and goes on for everybody')
    t.strictSame((await ask(other, 'nakamura', 1)).answered, passed(1), 'each node for itself')
    t.comment(`slowest answers: ${begun.slowest} ms at first, ${anew.slowest} ms then`)
    await back(redis)
    await shared(one, other)
    t.strictSame((await ask(one, 'coordinator', 4)).answered, passed(4))
    t.strictSame((await ask(other, 'coordinator', 3)).answered, [...passed(2), 429], 'shared again')
  })

await t.test('who does not answer is not asked by everybody', async (t) => {
  let asked = 0
  const silent = () => {
    asked++
    return new Promise<never>(() => undefined)
  }
  const connection = { client: { eval: silent }, isUp: () => true }
  const counts = sharedCounts({ connection, secret: '' })
  const began = performance.now()
  for (let i = 1; i <= 30; i++) t.equal((await counts.count('somebody', 60_000, 100)).current, i)
  t.ok(asked <= 1 + (performance.now() - began) / 1_000, `asked ${asked} times`)
})

await t.test('a flushed Redis forgives nothing that the node saw', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const one = await node(t, redis)
  await ask(one, 'partner', MOST)
  await redis.flush()
  t.strictSame((await ask(one, 'partner', 1)).answered, [429])
})

await t.test('the nodes of a cluster share it, and ends without Redis, too', { skip: noRedis }, async (t) => {
  const [redis, log] = [await startRedis(t), await startDoubleProcess({})]
  t.teardown(() => log.stop())
  const dir = t.testdir({ one: {}, other: {} })
  const start = (name: string) =>
    served(t, {
      DATA_DIR: join(dir, name),
      EVENT_STORE: log.url,
      KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      AUTH_MODE: 'oidc',
      AUTH_ISSUER: 'http://127.0.0.1:1',
      AUTH_AUDIENCE: 'tsunagi',
      RATE_LIMIT_PER_MINUTE: '3',
      REDIS_URL: redis.url,
    })
  const [one, other] = [await start('one'), await start('other')]
  const status = async ({ address }: { address: string }) => (await fetch(`${address}/livez`)).status
  t.strictSame([await status(one), await status(one), await status(one)], [200, 200, 200])
  t.equal(await status(other), 429)
  redis.freeze()
  t.equal(await one.stop(), 0)
  await redis.kill()
  t.equal(await other.stop(), 0)
})
