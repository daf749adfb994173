import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { cellFor } from '#domain/access/grid.ts'
import { FeedFilter, questionOf, sameFilter } from '#domain/feed/filter.ts'
import type { FeedPlace } from '#domain/feed/place.ts'
import { ConsumerName } from '#domain/feed-consumer/events.ts'
import { consumerId, type FeedConsumer, feedConsumer } from '#domain/feed-consumer/feed-consumer.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import { hubRoles, type Role, wardRoles } from '#domain/kernel/metadata.ts'
import { given } from '#domain/kernel/values.ts'
import type { Principal } from '#src/access/principal.ts'
import { feedOf } from '#src/feed/whose.ts'
import { lacksScope } from '#src/write/handle.ts'
import { principalOf, type Shop } from '../context.ts'
import { badCursor } from '../cursor.ts'
import { fieldErrors, type Problem, refusedIdentity, sendProblem } from '../problem.ts'
import { decodePlace, encodePlace } from './cursor.ts'

/** Whom the table gives envelopes to, whoever wrote them: a feed that left some out would have holes. */
export const readers: readonly Role[] = ['integration' as const, ...hubRoles, ...wardRoles].filter((role) => {
  const { read } = cellFor('referralEnvelope', role)
  return read !== undefined && read.when !== 'recordedBy'
})

const listed = (what: string) =>
  z
    .string()
    .max(4_000)
    .transform((list) => list.split(','))
    .optional()
    .describe(`${what} Separated by commas.`)

/** What fits has numbers of its own, without a hole, counted from the beginning; its cursors are for it alone. */
export const filterShape = {
  types: listed('Only these types.'),
  wards: listed('Either end of the referral is in one of these.'),
  organizations: listed('Either end of the referral is one of these.'),
  directions: listed('Only these directions.'),
}

export const placeShape = {
  after: z
    .string()
    .max(200)
    .optional()
    .describe('Cursor of the last event taken; from the oldest that is kept when absent.'),
  consumer: ConsumerName.optional().describe(
    'Begins behind what was committed under this name, through its filter; `after` goes before it.',
  ),
}

type Query = Readonly<
  z.output<z.ZodObject<typeof filterShape>> & { after?: string | undefined; consumer?: string | undefined }
>

export type Of = { readonly feed: string; readonly filter: FeedFilter }
export type Asked = Of & { readonly after: FeedPlace }

export const consumerFold = foldOf<FeedConsumer>(feedConsumer)

const scopeMissing: Problem = { status: 403, code: 'access/scope-missing' }

/** Why this principal reads no feed. */
export const notAReader = (principal: Principal): Problem | undefined => {
  if (!readers.includes(principal.role)) return { status: 403, code: 'access/role-not-allowed' }
  return lacksScope(principal, { scope: 'events:read' }) ? scopeMissing : undefined
}

const invalid = (pointer: string, code: string, message: string): Problem => ({
  status: 400,
  code: 'request/invalid',
  errors: [{ pointer, code, message }],
})

/** Which feed, through which filter, from where; undefined: a problem has been sent. */
export const askedIn =
  (shop: Shop) =>
  async (query: Query, request: FastifyRequest, reply: FastifyReply): Promise<Asked | undefined> => {
    const asked = await whatIsAsked(shop, principalOf(request), query)
    if ('feed' in asked) return asked
    sendProblem(request, reply, asked)
    return undefined
  }

const whatIsAsked = async (shop: Shop, principal: Principal, query: Query): Promise<Asked | Problem> => {
  const problem = notAReader(principal)
  if (problem) return problem
  const { types, wards, organizations, directions, after, consumer } = query
  const filter = FeedFilter.safeParse(given({ types, wards, organizations, directions }))
  if (!filter.success)
    return { status: 400, code: 'request/invalid', errors: fieldErrors(filter.error.issues) }
  const feed = feedOf(shop.system.views, principal.organizationId)
  const known = consumer === undefined ? undefined : await consumerOf(shop, principal, consumer)
  const isOther = known && (known.feed !== feed || !isFilterOf(known.filter, filter.data))
  if (isOther) return invalid('/consumer', 'other_filter', 'it reads another feed, or through another filter')
  const of = { feed, filter: known?.filter ?? filter.data }
  if (after === undefined && !known) return { ...of, after: await shop.feedKept.oldest(of) }
  const place = after === undefined ? known?.place : decodePlace(of, after)
  if (!place) return { ...badCursor, errors: [{ ...badCursor.errors[0], pointer: '/after' }] }
  return shop.feedKept.isGone(feed, place) ? noLongerKept(shop, of) : { ...of, after: place }
}

/** A consumer remembers its filter: it need not be said again. */
const isFilterOf = (known: FeedFilter, said: FeedFilter): boolean =>
  questionOf(said).length === 0 || sameFilter(known, said)

export const consumerOf = async ({ system }: Shop, { staffId }: Principal, name: string) => {
  const { state } = await system.view(consumerFold, consumerId(staffId, name))
  return state.status === 'active' ? state : undefined
}

/** Nothing is skipped without a word: whoever goes on from `oldest` has decided to. */
const noLongerKept = async (shop: Shop, of: Of): Promise<Problem> => ({
  status: 410,
  code: 'feed/no-longer-kept',
  detail: 'Between that place and `oldest` there are events that are not told any more.',
  extensions: { oldest: encodePlace(of, await shop.feedKept.oldest(of)) },
})

/** Whether they may still read what they began to read: a key may have been revoked, a role changed. */
export const stillReading = async (
  shop: Shop,
  request: FastifyRequest,
  { feed }: Of,
): Promise<Principal | Problem> => {
  const now = await shop.identify(request.headers.authorization)
  if (typeof now === 'string') return refusedIdentity[now]
  if (feedOf(shop.system.views, now.organizationId) !== feed)
    return { status: 403, code: 'access/role-not-allowed' }
  return notAReader(now) ?? now
}
