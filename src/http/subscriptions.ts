import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { FeedFilter } from '#domain/feed/filter.ts'
import { BEGINNING, type FeedPlace } from '#domain/feed/place.ts'
import { date, plainText } from '#domain/kernel/schema.ts'
import { addDays, japanDate } from '#domain/kernel/time.ts'
import { Endpoint } from '#domain/subscription/events.ts'
import { managers } from '#domain/subscription/managing.ts'
import type { Known } from '#domain/subscription/state.ts'
import { subscription } from '#domain/subscription/subscription.ts'
import { destinationIn } from '#infra/outgoing/destination.ts'
import { makeSigningKeys } from '#infra/webhooks/signature.ts'
import { asRun, deliveries, runKey } from '#projections/deliveries.ts'
import { mayKnow } from '#src/access/holder.ts'
import { actorOf, type Principal } from '#src/access/principal.ts'
import { subscriberOf } from '#src/access/subscriber.ts'
import { subscriptionFold } from '#src/delivery/attempt.ts'
import { endOf, feedOf } from '#src/feed/whose.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { lacksScope } from '#src/write/handle.ts'
import { keyIn, problemOf, type RefusalTexts, sendReceipt, sendRefusal } from './commands.ts'
import { principalOf, type Shop } from './context.ts'
import { decodePlace } from './feed/cursor.ts'
import { sendProblem } from './problem.ts'
import { CHANGE_ANSWERS, type ReadRoute, readRoute } from './routes.ts'

const LONGEST_OVERLAP_H = 168
const OVERLAP_H = 24
const GRANTED_DAYS = 365
const CATCH_UP_MS = 2_000
const BEHIND = { status: 503, code: 'service/behind', retryAfter: 1 } as const

/** `beginning`, `now`, or a cursor of the feed through the same filter. */
const From = z.string().min(1).max(400)

const Created = z.strictObject({
  name: plainText(100),
  purpose: plainText(500).describe('What the events are needed for; the grant is for this.'),
  grantedUntil: date().optional().describe('At most 400 days; a year unless said.'),
  filter: FeedFilter.default({}),
  endpoint: Endpoint,
  after: From.default('now').describe('`now`, `beginning`, or a cursor of the feed through the same filter.'),
  subscriber: plainText(80)
    .optional()
    .describe('Whom it is for (`int-<integration>`); needed from administrators, oneself otherwise.'),
})

const idPattern = z.guid().toLowerCase()

type Handler<Body> = (
  asked: { readonly body: Body; readonly id: string; readonly principal: Principal; readonly key: string },
  request: FastifyRequest,
  reply: FastifyReply,
) => unknown

const HAS_SECRET =
  'The secret and the public key are shown in this answer and never again; the secret is kept under a key of its own.'
const SHOWN_ONCE = { note: 'Shown once. Lost, it is rotated.' }

/** What of managing subscriptions needs more than a command: addresses are looked at, cursors read, secrets made (API 3). */
export const subscriptionRoutes = (shop: Shop, texts: RefusalTexts): readonly ReadRoute[] => {
  const { execute, view, views, now, store, projector, deliveries: sending } = shop.system

  const managing = <Q extends z.ZodObject>(
    path: string,
    operationId: string,
    summary: string,
    body: Q,
    handle: Handler<z.output<Q>>,
  ): ReadRoute =>
    readRoute({
      path: `/v1/subscriptions/{id}/${path}`,
      operationId,
      summary,
      by: managers,
      askedIn: 'body',
      query: body,
      answer: { type: 'object' },
      alsoAnswers: CHANGE_ANSWERS,
      handle({ query, params }, request, reply) {
        const principal = principalOf(request)
        if (lacksScope(principal, subscription))
          return sendProblem(request, reply, { status: 403, code: 'access/scope-missing' })
        const id = idPattern.safeParse(params.id)
        if (!id.success) return notThere(request, reply)
        const key = keyIn(request)
        if (typeof key !== 'string') return sendProblem(request, reply, key)
        return handle({ body: query, id: id.data, principal, key }, request, reply)
      },
    })

  const carryOut = async (
    name: string,
    { id, principal, key, body }: Parameters<Handler<object>>[0],
    data: Readonly<Record<string, unknown>>,
  ) => {
    const at = now()
    return execute({
      lifecycle: subscription,
      name,
      id,
      data,
      // What is made here is different each time: the same request is known by what was asked.
      asked: body as Readonly<Record<string, unknown>>,
      actor: actorOf(principal),
      occurrence: { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' },
      commandId: key,
      admits: (state) => mayKnow(principal, subscription, state),
    })
  }
  const answer = (
    outcome: Awaited<ReturnType<typeof carryOut>>,
    request: FastifyRequest,
    reply: FastifyReply,
    more: object = {},
  ) =>
    outcome.kind === 'done'
      ? sendReceipt(reply, outcome, outcome.replayed ? {} : more)
      : sendRefusal(request, reply, problemOf(outcome, { lifecycle: subscription }, texts))

  const known = async (id: string, principal: Principal): Promise<Known | undefined> => {
    const { state } = await view(subscriptionFold, id)
    return state.status !== 'none' && mayKnow(principal, subscription, state) ? state : undefined
  }
  const invalid = (
    request: FastifyRequest,
    reply: FastifyReply,
    pointer: string,
    code: string,
    message: string,
  ) =>
    sendProblem(request, reply, {
      status: 400,
      code: 'request/invalid',
      errors: [{ pointer, code, message }],
    })
  const addressProblem = ({ url }: Endpoint) => {
    const found = destinationIn(url, { loopback: sending.loopback })
    return 'problem' in found ? found.problem : undefined
  }
  /** What was written just now counts. */
  const isBehind = async (): Promise<boolean> => !(await projector.reached(await store.head(), CATCH_UP_MS))
  const placeOf = async (
    after: string,
    of: { readonly feed: string; readonly filter: FeedFilter },
  ): Promise<FeedPlace | undefined> => {
    if (after === 'beginning') return BEGINNING
    return after === 'now' ? endOf(views, of) : decodePlace(of, after)
  }

  return [
    managing(
      'create',
      'CreateSubscription',
      `Referral events by webhook. ${HAS_SECRET}`,
      Created,
      async (asked, request, reply) => {
        const { body, principal } = asked
        const { subscriber: named, after, grantedUntil, ...rest } = body
        const whom = await subscriberOf(shop.system, principal, named)
        if (!whom)
          return invalid(request, reply, '/subscriber', 'unknown_subscriber', 'no program of that id')
        const problem = addressProblem(body.endpoint)
        if (problem)
          return invalid(request, reply, '/endpoint/url', problem, 'not an address that webhooks may go to')
        const feed = feedOf(views, whom.organizationId)
        if (await isBehind()) return sendProblem(request, reply, BEHIND)
        const place = await placeOf(after, { feed, filter: body.filter })
        if (!place) return invalid(request, reply, '/after', 'bad_cursor', 'not a cursor of this filter')
        const made = makeSigningKeys()
        const outcome = await carryOut('CreateSubscription', asked, {
          ...rest,
          subscriber: whom.staffId,
          organization: whom.organizationId,
          feed,
          grantedUntil: grantedUntil ?? addDays(japanDate(now()), GRANTED_DAYS),
          after: place,
          keys: { key: keyId(), ...made },
        })
        return answer(outcome, request, reply, shown(made))
      },
    ),
    managing(
      'rotate-secret',
      'RotateSecret',
      `New signing keys; the ones before sign, too, for ${OVERLAP_H} hours unless said. ${HAS_SECRET}`,
      z.strictObject({ overlapHours: z.number().min(0).max(LONGEST_OVERLAP_H).default(OVERLAP_H) }),
      async (asked, request, reply) => {
        const made = makeSigningKeys()
        const previousUntil = new Date(Date.parse(now()) + asked.body.overlapHours * 3_600_000).toISOString()
        const outcome = await carryOut('RotateSigningKeys', asked, { key: keyId(), ...made, previousUntil })
        return answer(outcome, request, reply, { ...shown(made), previousUntil })
      },
    ),
    managing(
      'change-endpoint',
      'ChangeEndpoint',
      'Another address, or how much at a time.',
      z.strictObject({ endpoint: Endpoint }),
      async (asked, request, reply) => {
        const problem = addressProblem(asked.body.endpoint)
        if (problem)
          return invalid(request, reply, '/endpoint/url', problem, 'not an address that webhooks may go to')
        return answer(await carryOut('ChangeEndpoint', asked, asked.body), request, reply)
      },
    ),
    managing(
      'replay',
      'RequestReplay',
      'Everything behind a cursor up to now once more, beside what is new, with the same ids and the same retries.',
      z.strictObject({
        after: From.describe('`beginning` or a cursor of the feed through the same filter.'),
      }),
      async (asked, request, reply) => {
        const state = await known(asked.id, asked.principal)
        if (!state) return notThere(request, reply)
        if (await isBehind()) return sendProblem(request, reply, BEHIND)
        const place = await placeOf(asked.body.after, state)
        if (!place) return invalid(request, reply, '/after', 'bad_cursor', 'not a cursor of this filter')
        const reader = views.reader(deliveries)
        const running = state.replays.filter(({ replay, upTo }) => {
          const run = asRun(reader.get(runKey(asked.id, replay)))
          return !run || run.sequence < upTo
        }).length
        const { sequence: upTo } = await endOf(views, state)
        return answer(await carryOut('RequestReplay', asked, { after: place, upTo, running }), request, reply)
      },
    ),
    managing(
      'test',
      'TestSubscription',
      'Sends an event that says nothing, signed like any other, and tells what the endpoint answered. Not tried again.',
      z.strictObject({}),
      async (asked, request, reply) => {
        if (!(await known(asked.id, asked.principal))) return notThere(request, reply)
        const said = await sending.test(asked.id)
        return said ?? notThere(request, reply)
      },
    ),
  ]
}

const notThere = (request: FastifyRequest, reply: FastifyReply) =>
  sendProblem(request, reply, {
    status: 404,
    code: 'subscription/not-found',
    title: 'There is nothing here, or nothing for you.',
  })

const keyId = (): string => `k${uuidV7().replaceAll('-', '').slice(-12)}`

const shown = ({ secret, publicKey }: { readonly secret: string; readonly publicKey: string }) => ({
  secret,
  publicKey,
  ...SHOWN_ONCE,
})
