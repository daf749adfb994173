import type { Delivery } from '#domain/delivery/events.ts'
import type { FeedRow } from '#projections/referral-feed.ts'

/** Of which event something is noted. */
export const eventOf = ({
  run,
  sequence,
  row,
}: {
  readonly run: number
  readonly sequence: number
  readonly row: FeedRow
}): Pick<Delivery, 'run' | 'sequence' | 'looked' | 'eventId' | 'referralId'> => ({
  run,
  sequence,
  looked: row.sequence,
  eventId: row.eventId,
  // A row keeps the id of its stream as text.
  referralId: row.referralId as Delivery['referralId'],
})
