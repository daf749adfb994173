import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { FeedFilter } from '#domain/feed/filter.ts'
import { ConsumerName } from '#domain/feed-consumer/events.ts'
import { consumerId, feedConsumer } from '#domain/feed-consumer/feed-consumer.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { given } from '#domain/kernel/values.ts'
import { feedConsumers } from '#projections/feed-consumers.ts'
import { feedLength, referralFeed } from '#projections/referral-feed.ts'
import { mayKnow } from '#src/access/holder.ts'
import { actorOf, type Principal } from '#src/access/principal.ts'
import { feedOf } from '#src/feed/whose.ts'
import { keyIn, problemOf, type RefusalTexts, sendReceipt, sendRefusal } from '../commands.ts'
import { principalOf, type Shop } from '../context.ts'
import { badCursor } from '../cursor.ts'
import { sendProblem } from '../problem.ts'
import { CHANGE_ANSWERS, type ReadRoute, readRoute } from '../routes.ts'
import { consumerFold, consumerOf, notAReader, readers } from './asked.ts'
import { decodePlace, encodePlace } from './cursor.ts'

const PATH = '/v1/feeds/referrals/consumers'

const Commit = z.strictObject({
  cursor: z.string().max(200).describe('Everything up to here was taken.'),
  back: z.boolean().default(false).describe('It may be behind the one before: to read again from there.'),
  ...FeedFilter.shape,
})

/** Readers of the feed that leave it to tsunagi to remember how far they are; each is its reader's own (ADR 19). */
export const feedConsumerRoutes = (shop: Shop, texts: RefusalTexts): readonly ReadRoute[] => {
  const { execute, views, view, now } = shop.system

  const carryOut = async (
    name: 'CommitFeedPlace' | 'ForgetFeedConsumer',
    consumer: string,
    asked: Readonly<Record<string, unknown>>,
    data: Readonly<Record<string, unknown>>,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => {
    const principal = principalOf(request)
    const commandId = keyIn(request)
    if (typeof commandId !== 'string') return sendProblem(request, reply, commandId)
    const at = now()
    const outcome = await execute({
      lifecycle: feedConsumer,
      name,
      id: consumerId(principal.staffId, consumer),
      data,
      asked,
      actor: actorOf(principal),
      occurrence: { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' },
      commandId,
      admits: (state) => mayKnow(principal, feedConsumer, state),
    })
    return outcome.kind === 'done'
      ? sendReceipt(reply, outcome)
      : sendRefusal(request, reply, problemOf(outcome, { lifecycle: feedConsumer }, texts))
  }

  const changing = <Q extends z.ZodObject>(
    path: string,
    operationId: string,
    summary: string,
    body: Q,
    handle: (
      asked: { readonly name: string; readonly body: z.output<Q>; readonly principal: Principal },
      request: FastifyRequest,
      reply: FastifyReply,
    ) => unknown,
  ): ReadRoute =>
    readRoute({
      path: `${PATH}/{name}/${path}`,
      operationId,
      summary,
      by: readers,
      askedIn: 'body',
      query: body,
      answer: { type: 'object' },
      alsoAnswers: CHANGE_ANSWERS,
      handle({ query, params }, request, reply) {
        const principal = principalOf(request)
        const problem = notAReader(principal)
        if (problem) return sendProblem(request, reply, problem)
        const name = ConsumerName.safeParse(params.name)
        if (!name.success) return sendProblem(request, reply, NO_NAME)
        return handle({ name: name.data, body: query, principal }, request, reply)
      },
    })

  return [
    readRoute({
      path: PATH,
      operationId: 'ListFeedConsumers',
      summary: 'The caller’s own consumers and how far each is; an administrator sees all.',
      by: [...readers, 'admin'],
      query: z.strictObject({}),
      answer: { type: 'object', properties: { consumers: { type: 'array', items: { type: 'object' } } } },
      async handle(_, request, reply) {
        const { role, staffId, ...principal } = principalOf(request)
        const problem = role === 'admin' ? undefined : notAReader({ role, staffId, ...principal })
        if (problem) return sendProblem(request, reply, problem)
        const where = role === 'admin' ? {} : { subscriber: staffId }
        const rows = views.reader(feedConsumers).list({ where, orderBy: [['id', 'asc']] })
        const feed = views.reader(referralFeed)
        const consumers = await Promise.all(
          rows.map(async ({ id, subscriber, organization, name, at }) => {
            const { state } = await view(consumerFold, id)
            if (state.status === 'none') return []
            return [
              {
                name,
                subscriber,
                organization,
                filter: state.filter,
                cursor: encodePlace(state, state.place),
                sequence: state.place.sequence,
                /** Events of the feed behind its place, fitting or not. */
                feedBehind: Math.max(0, feedLength(feed, state.feed) - state.place.looked),
                committedAt: at,
                noLongerKept: shop.feedKept.isGone(state.feed, state.place),
              },
            ]
          }),
        )
        return { consumers: consumers.flat() }
      },
    }),
    changing(
      'commit',
      'CommitFeedPlace',
      'Everything up to this cursor was taken; the first time, the name begins. Through one filter as long as it lives.',
      Commit,
      async ({ name, body, principal }, request, reply) => {
        const { cursor, back, ...said } = body
        const known = await consumerOf(shop, principal, name)
        const isSaid = Object.keys(given(said)).length > 0
        const of = {
          feed: feedOf(views, principal.organizationId),
          filter: isSaid || !known ? given(said) : known.filter,
        }
        const place = decodePlace(of, cursor)
        if (!place)
          return sendProblem(request, reply, {
            ...badCursor,
            errors: [{ ...badCursor.errors[0], message: 'not a cursor of this filter' }],
          })
        const { staffId: subscriber, organizationId: organization } = principal
        const data = { subscriber, organization, name, ...of, place, back }
        return carryOut('CommitFeedPlace', name, body, data, request, reply)
      },
    ),
    changing(
      'forget',
      'ForgetFeedConsumer',
      'The name is free again; nothing is known of it.',
      z.strictObject({}),
      ({ name, body }, request, reply) => carryOut('ForgetFeedConsumer', name, body, {}, request, reply),
    ),
  ]
}

const NO_NAME = {
  status: 404,
  code: 'feed-consumer/not-found',
  title: 'There is nothing here, or nothing for you.',
} as const
