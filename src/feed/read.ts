import { type FeedFilter, fits, questionOf } from '#domain/feed/filter.ts'
import type { FeedPlace } from '#domain/feed/place.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { asEnvelope, type FeedRow, referralFeed } from '#projections/referral-feed.ts'

export type Told = { readonly row: FeedRow; readonly place: FeedPlace }

/** How many rows are gone through at a time: a filter that nothing fits must not hold up the others. */
const MOST_LOOKED_AT = 1_000
const PAGE = 500

export type FeedPage = {
  readonly told: readonly Told[]
  /** Where the next page begins; further than the last event told when others were looked at. */
  readonly place: FeedPlace
  /** Whether there may be more now. */
  readonly more: boolean
}

export type FeedQuestion = {
  /** An organisation, or `EVERYBODY`. */
  readonly feed: string
  readonly filter: FeedFilter
  readonly after: FeedPlace
  /** How many events at most. */
  readonly limit: number
  /** The feed's own number of the last one to look at. */
  readonly upTo?: number
}

/** @throws ViewNotReady */
export const readFeed = (
  views: ReadStore,
  { feed, filter, after, limit, upTo = Number.MAX_SAFE_INTEGER }: FeedQuestion,
): FeedPage => {
  const reader = views.reader(referralFeed)
  const told: Told[] = []
  let { looked, sequence } = after
  const place = () => ({ looked, sequence })
  const isWhole = questionOf(filter).length === 0
  while (looked - after.looked < MOST_LOOKED_AT) {
    const wanted = Math.min(isWhole ? limit - told.length : PAGE, upTo - looked)
    if (wanted <= 0) return { told, place: place(), more: false }
    const rows = reader.list({
      where: { organization: feed, sequence: { gt: looked } },
      orderBy: [['sequence', 'asc']],
      limit: wanted,
    })
    for (const row of rows.map(asEnvelope)) {
      if (!row) continue
      looked = row.sequence
      if (!fits(filter, row)) continue
      sequence += 1
      told.push({ row, place: place() })
      if (told.length === limit) return { told, place: place(), more: true }
    }
    if (rows.length < wanted) return { told, place: place(), more: false }
  }
  return { told, place: place(), more: true }
}
