import t from 'tap'
import { circuitBreaker } from '#src/delivery/breaker.ts'
import { pacing } from '#src/delivery/pace.ts'
import { delayAfter, MOST_ATTEMPTS } from '#src/delivery/schedule.ts'

t.test('a dead endpoint costs one attempt now and then', async (t) => {
  const breaker = circuitBreaker()
  for (let i = 0; i < 5; i++) {
    t.ok(breaker.allows(i))
    breaker.began()
    breaker.failed(i % 2 ? 'a' : 'b', i)
  }
  t.notOk(breaker.allows(5_003))
  t.ok(breaker.allows(5_004), 'after five seconds one may try')
  breaker.began()
  t.notOk(breaker.allows(5_005), 'and only one')
  breaker.failed('c', 5_010)
  t.notOk(breaker.allows(15_009), 'it rests twice as long')
  t.ok(breaker.allows(15_010))
  let now = 15_010
  for (let i = 0; i < 20; i++) {
    breaker.began()
    breaker.failed('d', now)
    t.notOk(breaker.allows(now + 9_999))
    now += 5 * 60_000
    t.ok(breaker.allows(now), 'never longer than five minutes')
  }
  breaker.began()
  t.equal(breaker.succeeded(), true)
  t.ok(breaker.allows(now))
  t.equal(breaker.succeeded(), false)
})

t.test('one family’s failures are no reason to keep others waiting', async (t) => {
  const breaker = circuitBreaker()
  for (let i = 0; i < 50; i++) breaker.failed('poison', i)
  t.ok(breaker.allows(50))
})

t.test('a probe that came to nothing is made again', async (t) => {
  const breaker = circuitBreaker()
  for (let i = 0; i < 5; i++) breaker.failed(`f${i}`, 0)
  breaker.began()
  breaker.undecided()
  t.ok(breaker.allows(5_000))
})

t.test('a receiver that asks for peace has it', async (t) => {
  const breaker = circuitBreaker()
  breaker.hold(700)
  t.notOk(breaker.allows(699))
  t.ok(breaker.allows(700))
  breaker.hold(600)
  t.ok(breaker.allows(700), 'a shorter wish changes nothing')
})

t.test('a pace is kept over any minute', async (t) => {
  const pace = pacing(600)
  let taken = 0
  for (let now = 0; now < 60_000; now += 7) if (pace.take(now)) taken += 1
  t.ok(taken >= 590 && taken <= 611, `${taken} in a minute`)
  const free = pacing(undefined)
  t.ok(Array.from({ length: 1_000 }, () => free.take(0)).every(Boolean))
  const slow = pacing(1)
  t.ok(slow.take(0))
  t.notOk(slow.take(59_000))
  t.ok(slow.take(60_001))
})

t.test(
  'ten attempts over three days, each a fifth earlier or later, never before the receiver’s wish',
  async (t) => {
    t.equal(MOST_ATTEMPTS, 10)
    const middle = Array.from({ length: 9 }, (_, i) => delayAfter(i + 1, 0.5) ?? 0)
    t.strictSame(
      middle.map((ms) => ms / 1_000),
      [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
    )
    t.equal(delayAfter(10, 0.5), undefined)
    t.equal(delayAfter(1, 0), 4_000)
    t.equal(delayAfter(1, 1), 6_000)
    t.equal(delayAfter(1, 0.5, 90_000), 90_000)
  },
)
