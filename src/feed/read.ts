import type { ReadStore } from '#domain/kernel/projection.ts'
import { type FeedFilter, fits } from '#domain/subscription/filter.ts'
import { asEnvelope, type FeedRow, referralFeed } from '#projections/referral-feed.ts'

/**
 * How far somebody has come in the feed of an organisation. `sequence` counts what fitted their filter from the very beginning,
 * so the same event has the same number however it is asked for: pages, stream, webhook, or again from a cursor.
 */
export type FeedPlace = {
  /** The feed's own number of the last event looked at. */
  readonly looked: number
  /** The filter's number of the last event that fitted. */
  readonly sequence: number
}

export const BEGINNING: FeedPlace = { looked: 0, sequence: 0 }

export type Told = { readonly row: FeedRow; readonly place: FeedPlace }

/** How many rows are gone through for one page: a filter that nothing fits must not hold up the others. */
const MOST_LOOKED_AT = 5_000
const PAGE = 500

export type FeedPage = {
  readonly told: readonly Told[]
  /** Where the next page begins; further than the last event told when others were looked at. */
  readonly place: FeedPlace
  /** Whether there may be more now. */
  readonly more: boolean
}

/** @throws ViewNotReady */
export const readFeed = (
  views: ReadStore,
  asked: {
    /** An organisation, or `EVERYBODY`. */
    readonly feed: string
    readonly filter: FeedFilter
    readonly after: FeedPlace
    readonly limit: number
  },
): FeedPage => {
  const { feed, filter, after, limit } = asked
  const reader = views.reader(referralFeed)
  const told: Told[] = []
  let { looked, sequence } = after
  const place = () => ({ looked, sequence })
  while (looked - after.looked < MOST_LOOKED_AT) {
    const rows = reader.list({
      where: { organization: feed, sequence: { gt: looked } },
      orderBy: [['sequence', 'asc']],
      limit: PAGE,
    })
    for (const row of rows.map(asEnvelope)) {
      if (!row) continue
      looked = row.sequence
      if (!fits(filter, row)) continue
      sequence += 1
      told.push({ row, place: place() })
      if (told.length === limit) return { told, place: place(), more: true }
    }
    if (rows.length < PAGE) return { told, place: place(), more: false }
  }
  return { told, place: place(), more: true }
}
