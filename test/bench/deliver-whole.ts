import { bareJobsPerSecond, missingRedis } from './kit/bare-jobs.ts'
import { atLeast, type Bench, FULL, type Size } from './kit/bench.ts'
import { HEALTHY, withDeliveries } from './kit/deliveries.ts'

const EVENTS_A_SECOND = 1_000

/**
 * Deliveries that the three healthy endpoints have taken, signed twice each, a second: from just before the first of so many referral
 * events is committed, by 64 callers as fast as they can, to the arrival of the last delivery. The commits are inside, and so is what is
 * sent to the slow and to the dead endpoint meanwhile, which counts for nothing. Before that a smaller lot warms everything up.
 */
const deliveredPerSecond = (size: Size): Promise<number> =>
  withDeliveries(size, async (deliver) => {
    await deliver({ commit: Math.ceil(size.warmUp * EVENTS_A_SECOND) / 2 })
    const commit = Math.ceil(size.seconds * EVENTS_A_SECOND)
    const { begunAt, lastAt } = await deliver({ commit })
    return (commit * HEALTHY * 1_000) / (lastAt - begunAt)
  })

export const deliverWhole: Bench = {
  name: 'deliver.whole',
  unit: 'deliveries/s',
  target: atLeast(0.15),
  durability: FULL,
  ours: deliveredPerSecond,
  against: { name: 'bare BullMQ, add and process jobs that do nothing', run: bareJobsPerSecond },
  missing: missingRedis,
}
