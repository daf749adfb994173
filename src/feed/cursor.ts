import type { FeedFilter } from '#domain/subscription/filter.ts'
import { decodeCursor, encodeCursor } from '#src/http/cursor.ts'
import type { FeedPlace } from './read.ts'

type Asked = { readonly feed: string; readonly filter: FeedFilter }

const question = ({ feed, filter }: Asked) =>
  Object.values(filter).every((wanted) => wanted === undefined)
    ? ['referrals', feed]
    : ['referrals', feed, filter]

export const encodePlace = (asked: Asked, { looked, sequence }: FeedPlace): string =>
  encodeCursor(question(asked), [looked, sequence])

/** Undefined: a cursor of another filter, or none of ours. */
export const decodePlace = (asked: Asked, cursor: string): FeedPlace | undefined => {
  const [looked, sequence = looked, ...more] = decodeCursor(question(asked), cursor) ?? []
  return typeof looked === 'number' && typeof sequence === 'number' && more.length === 0
    ? { looked, sequence }
    : undefined
}
