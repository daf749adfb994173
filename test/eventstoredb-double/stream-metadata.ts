import { type Log, type Recorded, shownIn } from './log.ts'

export type Kept = { readonly truncateBefore: number; readonly maxCount: number }

export const metadataStreamOf = (stream: string): string => `$$${stream}`

const keepsAll: Kept = { truncateBefore: 0, maxCount: Number.POSITIVE_INFINITY }

const numberOr = (value: unknown, otherwise: number) => (typeof value === 'number' ? value : otherwise)

const parse = (event: Recorded): Kept => {
  try {
    const { $tb, $maxCount }: { $tb?: unknown; $maxCount?: unknown } = JSON.parse(
      Buffer.from(event.data).toString('utf8'),
    )
    return { truncateBefore: numberOr($tb, 0), maxCount: numberOr($maxCount, keepsAll.maxCount) }
  } catch {
    return keepsAll
  }
}

/** What the next write goes by. */
export const keptOf = (log: Log, stream: string): Kept => {
  const newest = log.stream(metadataStreamOf(stream))?.events.at(-1)
  return newest ? parse(newest) : keepsAll
}

/** What readers go by: not yet by what a crash could still take away. */
export const shownKeptOf = (log: Log, stream: string): Kept => {
  const known = log.stream(metadataStreamOf(stream))
  const newest = known?.events[shownIn(log, known) - 1]
  return newest ? parse(newest) : keepsAll
}

/** The server writes 2^63 - 1 there, which JSON.parse rounds up. */
export const isSoftDeleted = ({ truncateBefore }: Kept): boolean => truncateBefore >= 2 ** 63

export const softDeletion = () => Buffer.from(`{"$tb":${2n ** 63n - 1n}}`)

export const truncation = (truncateBefore: number) => Buffer.from(JSON.stringify({ $tb: truncateBefore }))
