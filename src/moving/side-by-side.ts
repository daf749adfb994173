import { isDeepStrictEqual } from 'node:util'
import type { Stored } from '#domain/kernel/event-store.ts'
import type { House } from './house.ts'
import { NotMoved } from './not-moved.ts'

export type Pair = { readonly source: Stored; readonly target: Stored }

/** How far both logs have been read, and how many events that is. */
export type Places = { readonly source: bigint; readonly target: bigint; readonly count: number }

export const BEGINNING: Places = { source: 0n, target: 0n, count: 0 }

const SAME = ['id', 'stream', 'version', 'type', 'schemaVersion', 'recordedAt', 'metadata', 'data'] as const

/** All but the position. @returns the first field in which they differ */
const differenceIn = ({ source, target }: Pair): string | undefined =>
  SAME.find((field) => !isDeepStrictEqual(source[field], target[field]))

/** Where, for whoever looks for it; nothing of what the event says. */
export const placeOf = ({ position, stream, version }: Stored): string =>
  `position ${position} (${stream}, version ${version})`

/**
 * Reads both logs from `from` to the end of the target's, event by event.
 * @throws NotMoved  at the first that is not the same
 */
export const readSideBySide = async (
  houses: { readonly source: House; readonly target: House },
  from: Places,
  pageSize: number,
  take: (pairs: readonly Pair[], places: Places) => void,
): Promise<Places> => {
  const { source, target } = houses
  let places = from
  for (;;) {
    const there = await target.after(places.target, pageSize)
    if (there.length === 0) return places
    const here = await source.after(places.source, there.length)
    const pairs = there.map((event, i): Pair => {
      const original = here[i]
      if (!original)
        throw new NotMoved(`${target.name} holds more than ${source.name}: an event at ${placeOf(event)}`)
      const pair = { source: original, target: event }
      const field = differenceIn(pair)
      if (field !== undefined)
        throw new NotMoved(
          `not the same log: the event at ${placeOf(original)} in ${source.name} has another ${field} in ${target.name}, at ${placeOf(event)}`,
        )
      return pair
    })
    const last = pairs.at(-1)
    if (last)
      places = {
        source: last.source.position,
        target: last.target.position,
        count: places.count + pairs.length,
      }
    take(pairs, places)
  }
}
