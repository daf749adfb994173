import type { ReadStore } from '#domain/kernel/projection.ts'
import type { FeedFilter } from '#domain/subscription/filter.ts'
import { directory } from '#projections/directory.ts'
import { EVERYBODY, feedLength, referralFeed } from '#projections/referral-feed.ts'
import { BEGINNING, type FeedPlace, readFeed } from './read.ts'

/** The city's own integrations read everybody's referrals, all others those of their organisation. */
export const feedOf = (views: ReadStore, organizationId: string): string =>
  views.reader(directory).get(`organization-${organizationId}`)?.of === 'city' ? EVERYBODY : organizationId

const PAGE = 500
const aTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * Where the feed ends now, for this filter. What a filter lets through has to be counted; others have their turn meanwhile.
 * @throws ViewNotReady
 */
export const endOf = async (
  views: ReadStore,
  {
    feed,
    filter,
    after = BEGINNING,
  }: { readonly feed: string; readonly filter: FeedFilter; readonly after?: FeedPlace },
): Promise<FeedPlace> => {
  if (Object.values(filter).every((wanted) => wanted === undefined)) {
    const length = feedLength(views.reader(referralFeed), feed)
    return { looked: length, sequence: length }
  }
  for (let place = after; ; ) {
    const page = readFeed(views, { feed, filter, after: place, limit: PAGE })
    if (!page.more) return page.place
    place = page.place
    await aTurn()
  }
}
