import type { FeedFilter } from '#domain/subscription/filter.ts'
import type { FeedPlace } from '#src/feed/read.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'

type Asked = { readonly feed: string; readonly filter: FeedFilter }

/** The same filter is the same question, however its lists are ordered. */
const question = ({ feed, filter }: Asked) => {
  const wanted = Object.entries(filter)
    .flatMap(([name, list]) => (list === undefined ? [] : [[name, [...new Set<string>(list)].sort(inOrder)]]))
    .sort(([a], [b]) => inOrder(String(a), String(b)))
  return wanted.length === 0 ? ['referrals', feed] : ['referrals', feed, wanted]
}
const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

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
