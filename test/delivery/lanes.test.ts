import fc from 'fast-check'
import t from 'tap'
import { openLanes, type Waiting } from '#src/delivery/lanes.ts'

const one = (family: string, sequence: number, dueAt = 0, run = 0): Waiting => ({
  run,
  sequence,
  row: { familyId: family } as Waiting['row'],
  attempts: 0,
  dueAt,
})
const names = (waiting: readonly (Waiting | undefined)[]) =>
  waiting.map((each) => each && `${each.row.familyId}${each.sequence}`)

t.test('of a family only the first goes out; other families do not wait', async (t) => {
  const lanes = openLanes()
  for (const [family, sequence] of [
    ['a', 1],
    ['a', 2],
    ['b', 3],
  ] as const)
    lanes.add(one(family, sequence), 0)
  const [a1, b3] = [lanes.next(0), lanes.next(0)]
  t.strictSame(names([a1, b3, lanes.next(0)]), ['a1', 'b3', undefined])
  if (!a1 || !b3) return
  lanes.settled(a1, 0)
  t.strictSame(names([lanes.next(0)]), ['a2'])
  t.equal(lanes.size(), 2)
})

t.test('what is to be tried again keeps its family waiting until then, and no other', async (t) => {
  const lanes = openLanes()
  lanes.add(one('a', 1), 0)
  lanes.add(one('a', 2), 0)
  const a1 = lanes.next(0)
  if (!a1) return
  lanes.again(a1, { attempts: 1, dueAt: 500 }, 0)
  lanes.add(one('b', 3), 100)
  t.strictSame(names([lanes.next(100), lanes.next(499)]), ['b3', undefined])
  t.equal(lanes.isAsleep(499), true)
  t.equal(lanes.isAsleep(500), false)
  t.match(lanes.next(500), { sequence: 1, attempts: 1 })
})

t.test('a parked family takes nothing more, and says what waited behind', async (t) => {
  const lanes = openLanes()
  for (const sequence of [1, 2, 3]) lanes.add(one('a', sequence), 0)
  const first = lanes.next(0)
  if (!first) return
  t.strictSame(names(lanes.park(first)), ['a2', 'a3'])
  t.equal(lanes.add(one('a', 4), 0), false)
  t.equal(lanes.add(one('b', 5), 0), true)
  t.equal(lanes.size(), 1)
  t.equal(lanes.add(one('a', 1, 0, 1), 0), true, 'a replay has lanes of its own')
})

t.test('hurry brings forward what failed a few times, not what fails while others succeed', async (t) => {
  const lanes = openLanes()
  for (const family of ['a', 'b']) lanes.add(one(family, 1), 0)
  const [a, b] = [lanes.next(0), lanes.next(0)]
  if (!a || !b) return
  lanes.again(a, { attempts: 2, dueAt: 9_000 }, 0)
  lanes.again(b, { attempts: 7, dueAt: 8_000 }, 0)
  lanes.hurry(10)
  t.strictSame(names([lanes.next(10), lanes.next(10), lanes.next(8_000)]), ['a1', undefined, 'b1'])
})

t.test(
  'whatever happens, each family goes out in its order, one at a time, and nothing is lost',
  async () => {
    const move = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), family: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ kind: fc.constant('next' as const) }),
      fc.record({ kind: fc.constantFrom('settle' as const, 'fail' as const), which: fc.nat(5) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(50) }),
      fc.record({ kind: fc.constant('hurry' as const) }),
    )
    fc.assert(
      fc.property(fc.array(move, { maxLength: 200 }), (moves) => {
        const lanes = openLanes()
        const out: Waiting[] = []
        const lastOf = new Map<string, number>()
        let now = 0
        let sequence = 0
        let settled = 0
        const take = () => {
          const waiting = lanes.next(now)
          if (!waiting) return
          const { familyId } = waiting.row
          if (out.some(({ row }) => row.familyId === familyId)) throw new Error('two of a family at a time')
          if (waiting.dueAt > now) throw new Error('too early')
          if (waiting.sequence < (lastOf.get(familyId) ?? 0)) throw new Error('out of order')
          lastOf.set(familyId, waiting.sequence)
          out.push(waiting)
        }
        const settle = (which: number) => {
          const [waiting] = out.splice(which % Math.max(1, out.length), 1)
          if (!waiting) return
          lanes.settled(waiting, now)
          settled += 1
        }
        for (const each of moves) {
          if (each.kind === 'add') {
            sequence += 1
            lanes.add(one(each.family, sequence, now), now)
          }
          if (each.kind === 'next') take()
          if (each.kind === 'wait') now += each.ms
          if (each.kind === 'hurry') lanes.hurry(now)
          if (each.kind === 'settle') settle(each.which)
          if (each.kind !== 'fail') continue
          const [waiting] = out.splice(each.which % Math.max(1, out.length), 1)
          if (waiting) lanes.again(waiting, { attempts: waiting.attempts + 1, dueAt: now + 20 }, now)
        }
        for (let rounds = 0; settled < sequence && rounds < 2_000; rounds += 1) {
          now += 20
          take()
          settle(0)
        }
        if (settled !== sequence || lanes.size() !== 0) throw new Error('something was lost')
      }),
      { numRuns: 500 },
    )
  },
)
