import { setTimeout as sleep } from 'node:timers/promises'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { atMost, type Bench, FULL, type Size } from './kit/bench.ts'
import { quantile } from './kit/stats.ts'
import { startWholeSystem, visitRecorder } from './kit/write-side.ts'

const WRITES_PER_SECOND = 500
const TIMEOUT_MS = 10_000

/** Milliseconds from the receipt to the moment in which the timeline has it, p99. */
const lagOf = async (size: Size): Promise<number> => {
  const { system, families } = await startWholeSystem(size.dir)
  const record = visitRecorder(system.execute, families)
  const lags: number[] = []
  const follow = async (isWarm: boolean) => {
    const position = await record()
    const committed = performance.now()
    if (!(await system.projector.reached(position, TIMEOUT_MS, familyTimeline.name)))
      throw new Error('not visible')
    if (isWarm) lags.push(performance.now() - committed)
    if (system.views.checkpoint(familyTimeline.name) < position)
      throw new Error('said to be visible too early')
  }
  const begun = performance.now()
  const due = () => ((performance.now() - begun) * WRITES_PER_SECOND) / 1_000
  const running: Promise<void>[] = []
  while (performance.now() - begun < (size.warmUp + size.seconds) * 1_000) {
    const isWarm = performance.now() - begun > size.warmUp * 1_000
    while (running.length < due()) running.push(follow(isWarm))
    await sleep(1)
  }
  await Promise.all(running)
  await system.stop()
  return quantile(lags, 0.99)
}

export const followLag: Bench = {
  name: 'follow.lag',
  unit: 'ms',
  target: atMost(50),
  durability: FULL,
  ours: lagOf,
}
