import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { eventLogFile } from '#src/data/files.ts'
import { noRedis, startRedis } from '#test/kit/redis.ts'
import { type Client, client } from '../kit/client.ts'
import { eventually } from '../kit/node.ts'
import { type Random, randomFrom, seed } from '../kit/random.ts'
import { defectsOf } from '../kit/soundness.ts'
import { registerFamily } from '../kit/work.ts'
import { carriedOut } from './kit/carried-out.ts'
import { type House, startHouse } from './kit/house.ts'
import {
  catchesUp,
  endsWell,
  gotAllInOrder,
  gotNothingAfter,
  isSettled,
  publishedBy,
  type Revoked,
} from './kit/kept.ts'
import { writeLetters } from './kit/letters.ts'
import { positionsIn } from './kit/positions.ts'
import { strike } from './kit/strikes.ts'
import { type Manner, type Subscriber, subscribe } from './kit/subscriber.ts'

const KILLS = 20
const FAMILIES = 24
const WRITERS = 3
/** What is promised, whatever the machine (PROMISES 5). */
const CAUGHT_UP_MS = 60_000
const SOON = 30_000

t.setTimeout(600_000)

/** Hesitates, and now and then fails, but never twice on the same: the second wait is five minutes. */
const moody =
  (random: Random): Manner =>
  async ({ isFirst }) => {
    if (random.chance(0.4)) await pause(random.between(0, 200))
    if (!isFirst || random.chance(0.97)) return 204
    return random.chance(0.5) ? 500 : 'cut'
  }

/** Until the test ends, however it does. @returns how to end it before */
const startWriting = async (t: Test, writer: Client): Promise<() => Promise<void>> => {
  const families: string[] = []
  for (let i = 0; i < FAMILIES; i++) families.push(await registerFamily(writer))
  let isOver = false
  const writing = Array.from({ length: WRITERS }, (_, i) =>
    writeLetters({ client: writer, families, random: randomFrom(seed + i), isOver: () => isOver }),
  )
  const stop = async () => {
    isOver = true
    await Promise.all(writing)
  }
  t.teardown(stop)
  return stop
}

const revoke = async ({ ask, tokens }: House, { subscription }: Subscriber): Promise<Revoked> => {
  const path = `subscriptions/${subscription}/revoke-grant`
  const { position } = await ask<{ position: string }>(tokens.admin, path, { because: 'agreementEnded' })
  return { position: BigInt(position), at: performance.now() }
}

for (const keeps of [false, true])
  await t.test(
    `Redis that ${keeps ? 'keeps what it was told' : 'forgets everything'} is killed ${KILLS} times`,
    { skip: noRedis },
    async (t) => {
      t.comment(`SEED=${seed}`)
      const random = randomFrom(seed)
      const redis = await startRedis(t, { keeps })
      const house = await startHouse(t, redis)
      await Promise.all([house.worker('worker-1'), house.worker('worker-2')])
      const ledger = await subscribe(t, house, 'ward-ledger')
      const mirror = await subscribe(t, house, 'ward-mirror')
      const leaving = await subscribe(t, house, 'ward-leaving')
      const staying = [ledger, mirror]
      const all = [...staying, leaving]
      for (const one of all) one.behave(moody(random))
      const writer = client({ nodes: [house.server], tokens: house.tokens, random })
      const over = carriedOut(t, redis)
      let revoked: Revoked | undefined

      const stopWriting = await startWriting(t, writer)
      await strike({
        redis,
        random,
        kills: KILLS,
        isUnderWay: () => all.some((one) => one.underWay() > 0),
        carriedOut: () => over.size,
        async atQuarter() {
          revoked = await revoke(house, leaving)
        },
      })
      const restarted = performance.now()
      await stopWriting()
      const published = publishedBy(writer.finals)
      for (const one of staying) await catchesUp(one, published, restarted + CAUGHT_UP_MS - performance.now())
      t.comment(`caught up ${(performance.now() - restarted).toFixed(0)} ms after the last restart`)
      for (const one of all)
        await eventually(`what became of all is written for ${one.name}`, () => isSettled(one), SOON)

      for (const one of staying) await gotAllInOrder(t, one)
      const logFile = eventLogFile(house.dataDir, 'sqlite')
      if (revoked) await gotNothingAfter(t, leaving, revoked, positionsIn(logFile))
      for (const { name, unverified } of all) t.strictSame(unverified, [], `${name} could verify everything`)
      const came = all.flatMap(({ moments }) => moments.filter(({ what }) => what === 'came')).length
      t.comment(`${published.length} events, ${came} arrivals, ${over.size} attempts over the workers`)
      t.ok(revoked && over.size > KILLS, 'the workers had their part in it')
      t.strictSame(defectsOf(logFile), [])
      await endsWell(t, house)
    },
  )
