import { type FeedFilter, questionOf } from '#domain/feed/filter.ts'
import type { FeedPlace } from '#domain/feed/place.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'

type Asked = { readonly feed: string; readonly filter: FeedFilter }

const question = ({ feed, filter }: Asked) => {
  const wanted = questionOf(filter)
  return wanted.length === 0 ? ['referrals', feed] : ['referrals', feed, wanted]
}

export const encodePlace = (asked: Asked, { looked, sequence }: FeedPlace): string =>
  encodeCursor(question(asked), [looked, sequence])

/** Undefined: a cursor of another filter, or none of ours. Without a filter one number is enough: both are the same. */
export const decodePlace = (asked: Asked, cursor: string): FeedPlace | undefined => {
  const [looked, sequence = looked, ...more] = decodeCursor(question(asked), cursor) ?? []
  return isPlace(looked) && isPlace(sequence) && sequence <= looked && more.length === 0
    ? { looked, sequence }
    : undefined
}

const isPlace = (value: unknown): value is number => typeof value === 'number' && value >= 0
