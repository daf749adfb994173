import { z } from 'zod'
import { ReferralId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { instant, plainText } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'directory', function: 'system' })

/**
 * `delivered`  the receiver answered 2xx: it has it
 * `failed`     an attempt that is followed by another one
 * `withheld`   never sent: the grant, or the consent it rests on, is no more
 * `parked`     the last attempt failed, or one before it of the same family is parked: it waits for a person
 * `givenUp`    the subscription ended before
 */
export const deliveryOutcomes = ['delivered', 'failed', 'withheld', 'parked', 'givenUp'] as const
export type DeliveryOutcome = (typeof deliveryOutcomes)[number]

export const Delivery = z.object({
  /** 0: as it comes; else the number of a replay. */
  run: z.int().min(0),
  /** The subscriber's dense number. */
  sequence: z.int().min(1),
  /** The feed's own number. */
  looked: z.int().min(1),
  eventId: z.guid(),
  referralId: ReferralId,
  outcome: z.enum(deliveryOutcomes),
  /** 1, 2, 3 …; 0: there was none. */
  attempt: z.int().min(0),
  at: instant(),
  /** What the receiver answered. */
  status: z.int().min(100).max(999).optional(),
  /** Why there was no answer, or why it was not sent. A code. */
  reason: plainText(40).optional(),
  ms: z.int().min(0).optional(),
  /** The receiver asked not to be called before. */
  retryAfterMs: z.int().min(0).optional(),
  /** When the next attempt is due. */
  nextAt: instant().optional(),
})
export type Delivery = Readonly<z.output<typeof Delivery>>

/** One stream for each subscription, its own record of what became of every event (DELIVERY). No personal data. */
export const deliveryEvents = {
  DeliveriesRecorded: fact(z.object({ deliveries: z.array(Delivery).min(1).max(500) }), {
    title: { ja: '配信の記録', en: 'Deliveries recorded' },
    bookkeeping: true,
  }),
}

export type DeliveryEvent = EventOf<typeof deliveryEvents>
