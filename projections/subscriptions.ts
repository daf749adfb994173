import type { DomainEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'

export type SubscriptionRow = {
  readonly id: string
  readonly subscriber: string
  readonly organization: string
  readonly feed: string
  readonly name: string
  readonly ended: boolean
}

/** Who takes referral events by webhook, for finding them; what one of them says now is asked of its own stream. */
export const subscriptions = projection<SubscriptionRow, DomainEvent>()({
  name: 'subscriptions',
  version: 1,
  columns: {
    id: { type: 'text', of: ({ id }) => id },
    subscriber: { type: 'text', of: ({ subscriber }) => subscriber },
    ended: { type: 'integer', of: ({ ended }) => (ended ? 1 : 0) },
  },
  indexes: [
    ['ended', 'id'],
    ['subscriber', 'id'],
  ],
  apply({ type, stream, data }, rows) {
    const id = idIn(stream)
    if (type === 'SubscriptionCreated') {
      const { subscriber, organization, feed, name } = data
      rows.put(id, { id, subscriber, organization, feed, name, ended: false })
    }
    const row = type === 'SubscriptionEnded' ? rows.get(id) : undefined
    if (row) rows.put(id, { ...row, ended: true })
  },
})
