import { z } from 'zod'
import { FeedFilter } from '#domain/feed/filter.ts'
import { FeedPlace } from '#domain/feed/place.ts'
import { OrganizationId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { plainText } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'directory', function: 'system' })

/** Short and readable: it stands in URLs, and in the id of the consumer's stream. */
export const ConsumerName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/)

/** Whose it is, which feed it reads and through which filter: all of that stays while it lives. */
export const consumerShape = {
  subscriber: plainText(80),
  organization: OrganizationId,
  feed: plainText(64),
  name: ConsumerName,
  filter: FeedFilter,
}

export const feedConsumerEvents = {
  FeedConsumerNamed: fact(z.object(consumerShape), {
    title: { ja: 'フィード利用者の登録', en: 'Feed consumer named' },
    state: 'active',
  }),
  /** Everything up to `place` was taken. Behind the one before: it is to be read again. */
  FeedPlaceCommitted: fact(z.object({ place: FeedPlace }), {
    title: { ja: 'フィード既読位置の記録', en: 'Feed place committed' },
  }),
  FeedConsumerForgotten: fact(z.object({}), {
    title: { ja: 'フィード利用者の抹消', en: 'Feed consumer forgotten' },
    state: 'forgotten',
  }),
}

export type FeedConsumerEvent = EventOf<typeof feedConsumerEvents>
