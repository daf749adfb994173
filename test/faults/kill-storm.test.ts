import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { event, newStream } from '#test/contract/event-store.ts'
import { acknowledged, startChild } from './kit/child.ts'
import { defectsOf, lostFrom } from './kit/soundness.ts'

const KILLS = 10
const EVENTS = 20_000
const WRITERS = 4
const seed = Number(process.env.SEED ?? randomInt(2 ** 31))

/** Small and repeatable: the same seed kills after the same delays. */
const randomFrom = (start: number) => {
  let state = start
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const median = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[of.length >> 1] ?? Number.NaN

await t.test('what was acknowledged survives ten kills in the middle of appending', async (t) => {
  t.comment(`SEED=${seed}`)
  const random = randomFrom(seed)
  const file = join(t.testdir(), 'log.db')
  const ids: string[] = []
  const starts: number[] = []

  for (let kill = 1; kill <= KILLS; kill += 1) {
    const child = startChild('appending.ts', [file, String(EVENTS), String(WRITERS)])
    await child.says('acknowledged')
    await pause(random() * 700)
    child.process.kill('SIGKILL')
    await child.gone
    t.notOk(child.said.includes('done'), `kill ${kill} came in the middle`)
    ids.push(...acknowledged(child.said))

    const start = performance.now()
    const store = await openSqliteEventStore({ file })
    await store.append(newStream(), 'none', [event()])
    const ready = performance.now() - start
    t.comment(`ready again after ${ready.toFixed(0)} ms`)
    starts.push(ready)
    await store.close()

    t.strictSame(lostFrom(file, ids), [], `all of ${ids.length} acknowledged events are there`)
    t.strictSame(defectsOf(file), [])
  }
  // One of them may have met a busy machine; most of them show what a start takes.
  t.ok(median(starts) < 2_000, 'most starts are over within two seconds')
})
