import { z } from 'zod'
import { type FeedFilter, sameFilter } from '#domain/feed/filter.ts'
import { BEGINNING, FeedPlace } from '#domain/feed/place.ts'
import { commandsOn, lifecycleOf, refuse } from '#domain/kernel/lifecycle.ts'
import { consumerShape, type FeedConsumerEvent, feedConsumerEvents } from './events.ts'

export type KnownConsumer = {
  readonly status: 'active' | 'forgotten'
  readonly subscriber: string
  readonly organizationId: string
  readonly feed: string
  readonly name: string
  readonly filter: FeedFilter
  readonly place: FeedPlace
}
export type FeedConsumer = { readonly status: 'none' } | KnownConsumer

const command = commandsOn<FeedConsumer, FeedConsumerEvent>()

const CommitFeedPlace = command({
  summary: 'Asked for with POST /v1/feeds/referrals/consumers/{name}/commit and a cursor.',
  from: ['none', 'active', 'forgotten'],
  by: ['system'],
  schema: z.strictObject({ ...consumerShape, place: FeedPlace, back: z.boolean() }),
  emits: ['FeedConsumerNamed', 'FeedPlaceCommitted'],
  decide(state, { place, back, ...consumer }) {
    const committed = { type: 'FeedPlaceCommitted', data: { place } } as const
    if (state.status !== 'active') return [{ type: 'FeedConsumerNamed', data: consumer }, committed]
    if (state.feed !== consumer.feed || !sameFilter(state.filter, consumer.filter))
      return refuse('feed-consumer/other-filter', 'Forget it first, or take another name.')
    if (place.looked === state.place.looked) return []
    // Two that share a name: the slower one must not take the other's place back.
    return place.looked < state.place.looked && !back
      ? refuse('feed-consumer/further-already', 'To read again from there, say `back`.')
      : [committed]
  },
})

const ForgetFeedConsumer = command({
  summary: 'Asked for with POST /v1/feeds/referrals/consumers/{name}/forget.',
  from: ['active'],
  by: ['system'],
  schema: z.strictObject({}),
  emits: ['FeedConsumerForgotten'],
  decide: () => [{ type: 'FeedConsumerForgotten', data: {} }],
})

/** フィード利用者: how far a reader of the referral feed has come, kept here for it (ADR 19). */
export const feedConsumer = lifecycleOf<FeedConsumer, FeedConsumerEvent>()({
  name: 'feedConsumer',
  collection: 'feed-consumers',
  titleJa: 'フィード利用者',
  events: feedConsumerEvents,
  initial: { status: 'none' },
  refusals: {
    'feed-consumer/other-filter': 'It reads another feed, or through another filter.',
    'feed-consumer/further-already': 'It has committed a place beyond that.',
  },
  familyOf: () => undefined,
  evolve: {
    FeedConsumerNamed: (_, { organization, ...rest }) => ({
      ...rest,
      status: 'active',
      organizationId: organization,
      place: BEGINNING,
    }),
    FeedPlaceCommitted: (state, { place }) => (state.status === 'none' ? state : { ...state, place }),
    FeedConsumerForgotten: (state) => (state.status === 'none' ? state : { ...state, status: 'forgotten' }),
  },
  commands: { CommitFeedPlace, ForgetFeedConsumer },
})

/** `<subscriber>.<name>`: neither has a dot in it. */
export const consumerId = (subscriber: string, name: string): string => `${subscriber}.${name}`
