import type { DomainEvent } from '#domain/events.ts'
import type { FeedPlace } from '#domain/feed/place.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'

export type FeedConsumerRow = {
  readonly id: string
  readonly subscriber: string
  readonly organization: string
  readonly name: string
  readonly place: FeedPlace
  /** ISO instant in UTC. */
  readonly at: string
}

/** Who reads the referral feed under a name, and when they last said how far they are. */
export const feedConsumers = projection<FeedConsumerRow, DomainEvent>()({
  name: 'feed-consumers',
  version: 1,
  columns: {
    id: { type: 'text', of: ({ id }) => id },
    subscriber: { type: 'text', of: ({ subscriber }) => subscriber },
  },
  indexes: [['id'], ['subscriber', 'id']],
  apply({ type, stream, data, recordedAt: at }, rows) {
    const id = idIn(stream)
    if (type === 'FeedConsumerNamed') {
      const { subscriber, organization, name } = data
      rows.put(id, { id, subscriber, organization, name, place: { looked: 0, sequence: 0 }, at })
    }
    if (type === 'FeedPlaceCommitted') {
      const row = rows.get(id)
      if (row) rows.put(id, { ...row, place: data.place, at })
    }
    if (type === 'FeedConsumerForgotten') rows.delete(id)
  },
})
