import type { Stored } from '#domain/kernel/event-store.ts'
import { labelOf } from '#domain/kernel/keyring.ts'
import { mapTexts } from '#domain/kernel/sealing.ts'
import { differenceOfKeys, type KeptKeys } from '#infra/keys/kept-keys.ts'
import type { Positions } from '#infra/positions/sqlite.ts'
import { compareFeeds, type FeedsSeen } from './feeds.ts'
import type { House, Step } from './house.ts'
import { NotMoved } from './not-moved.ts'
import { BEGINNING, type Places, placeOf, readSideBySide } from './side-by-side.ts'

export type Verified = {
  readonly places: Places
  readonly feeds: FeedsSeen
  readonly keys: number
  /** Everything up to here is known to have been carried out: an erasure is, and they are in log order. 0: none was. */
  readonly erasedUpTo: bigint
}

/**
 * Reads what was copied back and holds it against the source; may be called again when there is more, and goes on where it was.
 * Positions are noted as they are found.
 */
export const verifier = (of: {
  readonly source: House
  readonly target: House
  readonly positions: Positions
  readonly pageSize: number
}) => {
  const { source, target, positions, pageSize } = of
  const feeds = compareFeeds()
  let places = BEGINNING
  let erasedUpTo = 0n

  /** @throws NotMoved */
  return async (expected: KeptKeys, step: Step): Promise<Verified> => {
    const total = await target.head()
    step(places.target, total)
    const keys = await target.keys()
    const difference = keys ? differenceOfKeys(expected, keys) : 'there are none'
    if (!keys || difference !== undefined) throw new NotMoved(`the keys in ${target.name}: ${difference}`)
    const known = new Set(keys.keys.map(({ id }) => id))
    const erasures = new Set(keys.destroyed.map(({ because }) => because))
    places = await readSideBySide(of, places, pageSize, (pairs, now) => {
      for (const pair of pairs) {
        refuseUnknownKeys(pair.target, known)
        feeds.take(pair)
        if (pair.target.type === 'PersonalDataErased' && erasures.has(pair.target.id))
          erasedUpTo = pair.target.position
      }
      positions.note(
        pairs.map((pair) => ({
          from: pair.source.position,
          to: pair.target.position,
          eventId: pair.target.id,
        })),
      )
      step(now.target, total)
    })
    const [gap] = target.gaps().concat(source.gaps())
    if (gap !== undefined) throw new NotMoved(`a version is missing in ${gap}`)
    return { places, feeds: feeds.seen(), keys: keys.keys.length, erasedUpTo }
  }
}

const refuseUnknownKeys = (event: Stored, known: ReadonlySet<string>): void => {
  mapTexts([event.data, event.metadata], '', (sealed) => {
    const { keyId } = labelOf(sealed)
    if (!known.has(keyId))
      throw new NotMoved(`the key ${keyId} is missing, under which the event at ${placeOf(event)} lies`)
    return sealed
  })
}
