import { setImmediate as nextTurn } from 'node:timers/promises'
import { type FeedFilter, questionOf } from '#domain/feed/filter.ts'
import { BEGINNING, type FeedPlace } from '#domain/feed/place.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { directory } from '#projections/directory.ts'
import { EVERYBODY, feedLength, referralFeed } from '#projections/referral-feed.ts'
import { readFeed } from './read.ts'

/** The city's own integrations read everybody's referrals, all others those of their organisation. */
export const feedOf = (views: ReadStore, organizationId: string): string =>
  views.reader(directory).get(`organization-${organizationId}`)?.of === 'city' ? EVERYBODY : organizationId

type Asked = { readonly feed: string; readonly filter: FeedFilter }

const PAGE = 500

/**
 * The place behind the feed's own event `looked`. What a filter lets through has to be counted; others have their turn meanwhile.
 * @throws ViewNotReady
 */
export const placeAt = async (
  views: ReadStore,
  { feed, filter }: Asked,
  looked: number,
): Promise<FeedPlace> => {
  if (questionOf(filter).length === 0) return { looked, sequence: looked }
  for (let after = BEGINNING; ; ) {
    const { place, more } = readFeed(views, { feed, filter, after, limit: PAGE, upTo: looked })
    if (!more) return place
    after = place
    await nextTurn()
  }
}

/**
 * Where the feed ends now.
 * @throws ViewNotReady
 */
export const endOf = (views: ReadStore, asked: Asked): Promise<FeedPlace> =>
  placeAt(views, asked, feedLength(views.reader(referralFeed), asked.feed))
