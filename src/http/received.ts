import type { ReadStore } from '#domain/kernel/projection.ts'
import { asDelivery, deliveries } from '#projections/deliveries.ts'
import { EVERYBODY } from '#projections/referral-feed.ts'
import { subscriptions } from '#projections/subscriptions.ts'

/**
 * What other systems have of a referral's events: `delivered` is a receiver's own word that it has it. What is not listed was not sent
 * yet, or to nobody. `shown`: the referral as the reader sees it; of a household in hiding it does not name the other end, and then
 * neither does this (R-ACC-2).
 */
export const receivedOf = (
  views: ReadStore,
  referralId: string,
  shown: object,
  { organizationId }: { readonly organizationId: string },
) => {
  const { from, to } = shown as Ends
  const named = [organizationId, from?.organizationId, to?.organizationId]
  return views
    .reader(deliveries)
    .list({ where: { referral: referralId, run: 0 }, orderBy: [['sequence', 'asc']] })
    .flatMap((row) => {
      const delivery = asDelivery(row)
      const receiver = views.reader(subscriptions).get(row.subscription)
      const isNamed = receiver && (receiver.feed === EVERYBODY || named.includes(receiver.organization))
      if (!delivery || !isNamed) return []
      const { eventId, state, at } = delivery
      return [{ organization: receiver.organization, system: receiver.name, eventId, state, at }]
    })
}

type Ends = Readonly<Record<'from' | 'to', { readonly organizationId?: string } | undefined>>
