import type { FeedEvent } from '../../kit/feed.ts'
import type { Moment } from './subscriber.ts'

/** Of each family, by its name in the feed, the numbers of its events in their order. */
export const byFamily = (events: readonly FeedEvent[]): ReadonlyMap<string, readonly number[]> => {
  const families = new Map<string, number[]>()
  for (const { partitionkey, sequence } of events)
    families.set(partitionkey, [...(families.get(partitionkey) ?? []), Number(sequence)])
  return families
}

/**
 * Arrivals that came too early: before something older of their family had been taken, be it the first time or again. Where there
 * are none, the numbers of a family at their first taking go up without a gap, and whatever comes out of order is a repetition.
 */
export const tooEarly = (
  moments: readonly Moment[],
  feed: ReadonlyMap<string, readonly number[]>,
): readonly string[] => {
  const taken = new Map<string, Set<number>>()
  const early: string[] = []
  for (const { what, arrival } of moments) {
    const { family, sequence } = arrival
    const before = taken.get(family) ?? new Set<number>()
    taken.set(family, before)
    if (what === 'taken') before.add(sequence)
    else
      for (const older of feed.get(family) ?? [])
        if (older < sequence && !before.has(older)) early.push(`${sequence} before ${older}`)
  }
  return early
}

/** Of each family, the numbers of what was taken, in the order in which each was taken first. */
export const firstTakings = (moments: readonly Moment[]): ReadonlyMap<string, readonly number[]> => {
  const families = new Map<string, Set<number>>()
  for (const { what, arrival } of moments)
    if (what === 'taken')
      families.set(arrival.family, (families.get(arrival.family) ?? new Set()).add(arrival.sequence))
  return new Map([...families].map(([family, sequences]) => [family, [...sequences]]))
}
