import { z } from 'zod'
import { deliveryOutcomes } from '#domain/delivery/events.ts'
import { managers } from '#domain/subscription/managing.ts'
import { isSigning, type Known } from '#domain/subscription/state.ts'
import { subscription } from '#domain/subscription/subscription.ts'
import { asDelivery, asRun, type DeliveryRow, deliveries, runKey } from '#projections/deliveries.ts'
import { feedLength, referralFeed } from '#projections/referral-feed.ts'
import { subscriptions } from '#projections/subscriptions.ts'
import { mayKnow } from '#src/access/holder.ts'
import type { Principal } from '#src/access/principal.ts'
import { subscriptionFold } from '#src/delivery/attempt.ts'
import { lacksScope } from '#src/write/handle.ts'
import { notFound, principalOf, type Shop } from './context.ts'
import { badCursor, decodeCursor, encodeCursor, nextLink } from './cursor.ts'
import { encodePlace } from './feed/cursor.ts'
import { sendProblem } from './problem.ts'
import { type ReadRoute, readRoute } from './routes.ts'

const scopeMissing = { status: 403, code: 'access/scope-missing' } as const

/** Subscriptions as their managers see them: state, progress, what became of each event. Never a secret. */
export const subscriptionPages = (shop: Shop): readonly ReadRoute[] => {
  const { view, views, now } = shop.system

  const known = async (id: string, principal: Principal) => {
    const { state, version } = await view(subscriptionFold, id)
    return state.status !== 'none' && mayKnow(principal, subscription, state) ? { state, version } : undefined
  }
  const runOf = (id: string, run: number) => asRun(views.reader(deliveries).get(runKey(id, run)))

  /** How far it is, and what is behind it. */
  const progressOf = (id: string, { feed }: Known) => {
    const run = runOf(id, 0)
    return {
      sequence: run?.sequence ?? 0,
      /** Events of the feed behind the last one that is settled, fitting or not. */
      feedBehind: Math.max(0, feedLength(views.reader(referralFeed), feed) - (run?.looked ?? 0)),
      delivered: run?.delivered ?? 0,
      withheld: run?.withheld ?? 0,
      parked: run?.parked ?? 0,
      lastDeliveredAt: run?.lastDeliveredAt ?? null,
      failingSince: run?.failingSince ?? null,
    }
  }
  const replaysOf = (id: string, { replays }: Known) =>
    replays.map(({ replay, after, upTo }) => {
      const run = runOf(id, replay)
      const done = Math.min(run?.sequence ?? after.sequence, upTo) - after.sequence
      const of = upTo - after.sequence
      const { delivered = 0, withheld = 0, parked = 0 } = run ?? {}
      return { replay, state: done < of ? 'running' : 'done', done, of, delivered, withheld, parked }
    })

  return [
    readRoute({
      path: '/v1/subscriptions',
      operationId: 'ListSubscriptions',
      summary: 'The caller’s own subscriptions; an administrator sees all.',
      by: managers,
      query: z.strictObject({ ended: z.enum(['true', 'false']).default('false') }),
      answer: { type: 'object', properties: { subscriptions: { type: 'array', items: { type: 'object' } } } },
      async handle({ query }, request, reply) {
        const principal = principalOf(request)
        if (lacksScope(principal, subscription)) return sendProblem(request, reply, scopeMissing)
        const own = principal.role === 'admin' ? {} : { subscriber: principal.staffId }
        const where = { ...own, ...(query.ended === 'false' && { ended: 0 }) }
        const rows = views.reader(subscriptions).list({ where, orderBy: [['id', 'asc']] })
        const listed = await Promise.all(
          rows.map(async ({ id, subscriber, organization, name }) => {
            const found = await known(id, principal)
            return { id, subscriber, organization, name, state: found?.state.status ?? 'ended' }
          }),
        )
        return { subscriptions: listed }
      },
    }),
    readRoute({
      path: '/v1/subscriptions/{id}',
      operationId: 'ReadSubscription',
      summary:
        'One subscription: its state and why, its grant, how far it is, its replays. Its secrets are shown nowhere.',
      by: managers,
      query: z.strictObject({}),
      answer: { type: 'object', properties: { id: { type: 'string' }, state: { type: 'string' } } },
      async handle({ params }, request, reply) {
        const principal = principalOf(request)
        if (lacksScope(principal, subscription)) return sendProblem(request, reply, scopeMissing)
        const id = (params.id ?? '').toLowerCase()
        const found = isId(id) ? await known(id, principal) : undefined
        if (!found) return notFound(request, reply)
        const { status, keys, replays: _, after: __, ...rest } = found.state
        reply.header('ETag', `"${found.version}"`)
        return {
          id,
          kind: 'subscription',
          version: found.version,
          state: status,
          ...rest,
          keys: keys
            .filter((key) => isSigning(key, now()))
            .map(({ key, publicKey, until }) => ({ key, publicKey, ...(until !== undefined && { until }) })),
          progress: progressOf(id, found.state),
          replays: replaysOf(id, found.state),
        }
      },
    }),
    readRoute({
      path: '/v1/subscriptions/{id}/deliveries',
      operationId: 'ListDeliveries',
      summary:
        'What became of each event, newest first, with its attempts: when, what was answered, how long it took. No bodies.',
      by: managers,
      query: z.strictObject({
        state: z.enum(deliveryOutcomes).optional(),
        replay: z.coerce.number().int().min(0).default(0).describe('Of this replay; 0: as they came.'),
        limit: z.coerce.number().int().min(1).max(500).default(100),
        cursor: z.string().max(1_000).optional(),
      }),
      answer: {
        type: 'object',
        properties: { deliveries: { type: 'array', items: { type: 'object' } }, next: { type: 'string' } },
      },
      async handle({ params, query }, request, reply) {
        const principal = principalOf(request)
        if (lacksScope(principal, subscription)) return sendProblem(request, reply, scopeMissing)
        const id = (params.id ?? '').toLowerCase()
        const found = isId(id) ? await known(id, principal) : undefined
        if (!found) return notFound(request, reply)
        const { state, replay, limit, cursor } = query
        const question = ['deliveries', id, state ?? null, replay]
        const place = cursor === undefined ? undefined : decodeCursor(question, cursor)
        if (cursor !== undefined && place?.length !== 1) return sendProblem(request, reply, badCursor)
        const rows = views.reader(deliveries).list({
          where: {
            subscription: id,
            run: replay,
            ...(state === undefined ? { sequence: { gt: 0 } } : { state }),
          },
          orderBy: [['sequence', 'desc']],
          ...(place && { startAfter: place }),
          limit,
        })
        const shown = rows.flatMap((row) => asDelivery(row) ?? [])
        const last = shown.at(-1)
        const next = shown.length === limit && last ? encodeCursor(question, [last.sequence]) : undefined
        if (next) reply.header('Link', nextLink(request.url, 'cursor', next))
        return { deliveries: shown.map((row) => told(row, found.state)), ...(next && { next }) }
      },
    }),
  ]
}

const isId = (id: string): boolean => z.guid().safeParse(id).success

/** `cursor`: of the feed through the same filter, behind this event. */
const told = (
  { sequence, looked, eventId, referralId, state, at, nextAt, attempts }: DeliveryRow,
  of: Known,
) => ({
  cursor: encodePlace(of, { looked, sequence }),
  sequence,
  eventId,
  referralId,
  state,
  at,
  ...(nextAt !== undefined && { nextAt }),
  attempts,
})
