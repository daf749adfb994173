import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { openRedis } from '#infra/redis/connection.ts'
import { alwaysHeld, holdLease, type LeaseState } from '#infra/redis/lease.ts'
import { startChild } from '#test/faults/kit/child.ts'
import { connectTo, noRedis, silentLog, startRedis, type TestRedis, until } from '#test/kit/redis.ts'

t.setTimeout(240_000)

const TTL_MS = 1_000
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Nodes with a connection each; `most` is how many ever saw themselves as holder in one instant. */
const contenders = async (t: Test, redis: TestRedis, number: number, ttlMs = TTL_MS) => {
  const connections = await Promise.all(Array.from({ length: number }, () => connectTo(t, redis)))
  const leases = connections.map(({ client }, i) =>
    holdLease({ client, name: 'test', holder: `node-${i}`, ttlMs }),
  )
  const holding = () => leases.filter((lease) => lease.state() === 'held')
  const seen = { most: 0, changes: 0, heard: leases.map((): LeaseState[] => []) }
  const look = () => {
    seen.most = Math.max(seen.most, holding().length)
  }
  leases.forEach((lease, i) => {
    lease.onChange((state) => {
      seen.changes++
      seen.heard[i]?.push(state)
      look()
    })
  })
  const looking = setInterval(look, 2)
  t.teardown(async () => {
    clearInterval(looking)
    await Promise.all(leases.map((lease) => lease.stop()))
  })
  const isSettled = () =>
    holding().length === 1 && leases.every((lease) => lease.state() === 'held' || !lease.acts())
  const settled = () => until(isSettled, 'one holds it and nobody else acts')
  return { leases, seen, settled, holder: () => holding()[0] }
}

const child = (t: Test, redis: TestRedis, ttlMs: number, answerMs = 300) => {
  const node = startChild('../../infra/kit/holding-lease.ts', [redis.url, String(ttlMs), String(answerMs)])
  t.teardown(() => void node.process.kill('SIGKILL'))
  const acted = () =>
    node.said.filter((line) => line.startsWith('acts ')).map((line) => BigInt(line.slice(5)))
  return { ...node, acted }
}

await t.test('one of several holds it, and goes on holding it', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const { leases, seen, settled, holder } = await contenders(t, redis, 4, 3_000)
  await settled()
  const first = holder()
  await pause(7_000)
  t.strictSame(seen.heard.flat(), ['held'], 'nothing changed in more than twice its time')
  t.equal(holder(), first)
  t.equal(first?.term(), 1)
  t.strictSame(
    leases.map((lease) => [lease.acts(), lease.state()]).filter(([acts]) => acts),
    [[true, 'held']],
  )
})

await t.test('released, it moves before it would have expired', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  // Longer than anything here waits for.
  const { seen, settled, holder } = await contenders(t, redis, 3, 60_000)
  await settled()
  const first = holder()
  await first?.stop()
  t.equal(first?.acts(), false)
  await first?.stop()
  await settled()
  t.not(holder(), first)
  t.equal(holder()?.term(), 2)
  t.equal(seen.most, 1)
})

await t.test('a killed holder is succeeded', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const dying = child(t, redis, 2_000)
  await dying.says('held')
  const { settled, seen } = await contenders(t, redis, 2, 2_000)
  await pause(500)
  t.equal(seen.most, 0, 'not while it lives')
  dying.process.kill('SIGKILL')
  await settled()
  await dying.gone
  t.equal(seen.most, 1)
})

await t.test('a frozen holder has lost it, and knows when it wakes', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const frozen = child(t, redis, 2_000)
  await frozen.says('acts')
  const { settled, leases } = await contenders(t, redis, 1, 2_000)
  let takenAt = 0n
  leases[0]?.onChange((state) => {
    if (state === 'held') takenAt = process.hrtime.bigint()
  })
  frozen.process.kill('SIGSTOP')
  await settled()
  await pause(5_000)
  frozen.process.kill('SIGCONT')
  await frozen.says('waiting')
  await pause(1_000)
  const acted = frozen.acted()
  t.ok(acted.length > 0)
  t.strictSame(
    acted.filter((at) => at >= takenAt),
    [],
    'it never acts when the other one holds it',
  )
  t.notOk(frozen.said.includes('alone'), 'it was not Redis that did not answer')
})

await t.test(
  'frozen while it waited for Redis, it does not take its own sleep for an outage',
  { skip: noRedis },
  async (t) => {
    const redis = await startRedis(t)
    const frozen = child(t, redis, 2_000, 2_000)
    await frozen.says('held')
    redis.freeze()
    // By now it has asked, and has no answer.
    await pause(1_200)
    frozen.process.kill('SIGSTOP')
    await pause(6_000)
    redis.thaw()
    frozen.process.kill('SIGCONT')
    await frozen.says('waiting')
    await until(() => frozen.said.filter((line) => line === 'held').length === 2, 'held again')
    t.notOk(frozen.said.includes('alone'))
  },
)

await t.test('never two holders, whatever happens to a Redis that keeps', { skip: noRedis }, async (t) => {
  t.comment(`SEED=${seed}`)
  const redis = await startRedis(t, { keeps: true })
  const { seen, settled } = await contenders(t, redis, 3)
  const ms = fc.integer({ min: 50, max: 2 * TTL_MS })
  const blow = fc.tuple(fc.constantFrom('freeze', 'kill', 'stop'), ms, ms)
  for (const [what, first, then] of fc.sample(blow, { seed, numRuns: 12 })) {
    if (what === 'freeze') {
      redis.freeze()
      await pause(first)
      redis.thaw()
    } else if (what === 'kill') {
      await redis.kill()
      await pause(first)
      await redis.restart()
    } else await settled()
    await pause(then)
  }
  await settled()
  t.equal(seen.most, 1)
  t.ok(seen.changes > 3, `${seen.changes} changes`)
})

await t.test(
  'without Redis the work rests, then everybody does it, then one again',
  { skip: noRedis },
  async (t) => {
    const redis = await startRedis(t)
    const { leases, seen, settled } = await contenders(t, redis, 3)
    await settled()
    const first = leases.findIndex((lease) => lease.state() === 'held')
    await redis.kill()
    await until(() => leases.every((lease) => lease.state() === 'alone'), 'all act alone')
    t.strictSame(
      seen.heard[first]?.slice(-3),
      ['held', 'waiting', 'alone'],
      'the holder counted it as lost first',
    )
    t.ok(leases.every((lease) => lease.acts() && lease.term() === undefined))
    await redis.restart()
    await settled()
    t.equal(seen.most, 1)
  },
)

await t.test('who has never reached Redis gains nothing, and acts after the grace', async (t) => {
  const { client, close } = openRedis('redis://127.0.0.1:1', silentLog)
  t.teardown(close)
  const patient = holdLease({ client, name: 'test', holder: 'patient', ttlMs: 200, graceMs: 3_600_000 })
  const hasty = holdLease({ client, name: 'test', holder: 'hasty', ttlMs: 200 })
  t.teardown(() => Promise.all([patient.stop(), hasty.stop()]))
  const heard: LeaseState[] = []
  hasty.onChange((state) => heard.push(state))
  await until(() => hasty.acts(), 'acts')
  t.strictSame(heard, ['alone'])
  t.equal(patient.state(), 'waiting')
  await hasty.stop()
  t.equal(hasty.acts(), false)
  t.strictSame(heard, ['alone', 'waiting'])
})

await t.test('a flushed Redis has one holder again', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const { client } = await connectTo(t, redis)
  const { settled } = await contenders(t, redis, 3)
  for (let times = 0; times < 3; times++) {
    await settled()
    await redis.flush()
    // Everybody asks meanwhile.
    await pause(TTL_MS)
    await settled()
    t.equal(await client.exists('tsunagi:{lease:test}'), 1)
  }
})

await t.test('the only node acts until it is stopped', async (t) => {
  const lease = alwaysHeld()
  const heard: LeaseState[] = []
  lease.onChange((state) => heard.push(state))
  t.strictSame([lease.acts(), lease.state()], [true, 'held'])
  await lease.stop()
  await lease.stop()
  t.strictSame([lease.acts(), heard], [false, ['waiting']])
})
