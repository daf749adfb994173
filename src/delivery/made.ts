import type { Delivery } from '#domain/delivery/events.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { asDelivery, asRun, deliveries, deliveryKey, isFinal, runKey } from '#projections/deliveries.ts'
import type { Work } from './work.ts'

/**
 * What came of an attempt, as far as the views know: it was offered twice, or by a node that did not know yet. Undefined: it is still
 * to be made, also when a parked one was released since.
 */
export const madeIn =
  (views: ReadStore) =>
  ({ subscription, run, sequence, attempt }: Work): Delivery | undefined => {
    const reader = views.reader(deliveries)
    const row = asDelivery(reader.get(deliveryKey(subscription, run, sequence)))
    if (!row) return undefined
    const releases = asRun(reader.get(runKey(subscription, 0)))?.releases ?? 0
    if (!isFinal(row) && (row.release < releases || row.tries < attempt)) return undefined
    const { looked, eventId, referralId, state, tries, at, nextAt } = row
    return {
      ...{ run, sequence, looked, eventId, outcome: state, attempt: tries, at },
      // A row keeps the id of its stream as text.
      referralId: referralId as Delivery['referralId'],
      ...(nextAt !== undefined && { nextAt }),
    }
  }
