import { z } from 'zod'

/**
 * How far somebody has come in the feed of an organisation. `looked` is the feed's own number of the last event looked at, `sequence`
 * the filter's number of the last event that fitted: counted from the very beginning, so that the same event has the same number
 * however it is asked for: pages, stream, webhook, or again from a cursor.
 */
export const FeedPlace = z.strictObject({ looked: z.int().min(0), sequence: z.int().min(0) })
export type FeedPlace = Readonly<z.output<typeof FeedPlace>>

/** How far back it is told, unless configured: longer than a year, so that a year can be looked at as a whole. */
export const KEPT_DAYS = 400

export const BEGINNING: FeedPlace = { looked: 0, sequence: 0 }
