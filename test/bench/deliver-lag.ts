import { atMost, type Bench, FULL, type Size } from './kit/bench.ts'
import { withDeliveries } from './kit/deliveries.ts'
import { quantile } from './kit/stats.ts'

/** More than a city's peak: 60 writes a minute in each of 20 hubs are 20 a second, and few of them are referrals. */
const EVENTS_PER_SECOND = 50

/**
 * Milliseconds from the moment that an event says it was recorded, which is before its commit, until one of three healthy endpoints
 * has the whole request, beside a slow and a dead one; of every delivery, at a steady pace.
 */
const lagOf = (size: Size, share: number): Promise<number> =>
  withDeliveries(size, async (deliver) => {
    const during = (seconds: number) =>
      deliver({ commit: Math.ceil(seconds * EVENTS_PER_SECOND), perSecond: EVENTS_PER_SECOND })
    await during(size.warmUp)
    const { lags } = await during(size.seconds)
    return quantile(lags, share)
  })

const lag = { unit: 'ms', durability: FULL } as const

export const deliverP50: Bench = {
  ...lag,
  name: 'deliver.p50',
  target: atMost(100),
  ours: (size) => lagOf(size, 0.5),
}

/** The limit is what is promised beside nine hostile receivers (PROMISES 3, row 7). */
export const deliverP99: Bench = {
  ...lag,
  name: 'deliver.p99',
  target: atMost(1_000),
  ours: (size) => lagOf(size, 0.99),
}
