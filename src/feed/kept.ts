import type { FeedFilter } from '#domain/feed/filter.ts'
import { BEGINNING, type FeedPlace } from '#domain/feed/place.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { asEnvelope, feedKey, feedLength, referralFeed } from '#projections/referral-feed.ts'
import { placeAt } from './whose.ts'

const DAY_MS = 86_400_000

/** How many events at the beginning of a feed were recorded before its time: it goes by the order of the log. */
const olderThan = (views: ReadStore, feed: string, before: string): number => {
  const reader = views.reader(referralFeed)
  const isOlder = (number: number): boolean =>
    (asEnvelope(reader.get(feedKey(feed, number)))?.recordedAt ?? before) < before
  let older = 0
  let kept = feedLength(reader, feed) + 1
  while (kept - older > 1) {
    const middle = Math.floor((older + kept) / 2)
    if (isOlder(middle)) older = middle
    else kept = middle
  }
  return older
}

/** Who has not come for so long does not catch up by itself: somebody is to know of it. */
export type Keeping = {
  isGone(feed: string, place: FeedPlace): boolean
  /** Where reading begins now. */
  oldest(of: { readonly feed: string; readonly filter: FeedFilter }): Promise<FeedPlace>
}

/** @throws ViewNotReady */
export const keeping = (parts: {
  readonly views: ReadStore
  readonly now: () => string
  readonly days: number
}): Keeping => {
  const { views, now, days } = parts
  const gone = (feed: string): number =>
    olderThan(views, feed, new Date(Date.parse(now()) - days * DAY_MS).toISOString())
  return {
    isGone: (feed, { looked }) => looked < gone(feed),
    async oldest(of) {
      const looked = gone(of.feed)
      return looked === 0 ? BEGINNING : placeAt(views, of, looked)
    },
  }
}
