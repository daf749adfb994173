import { z } from 'zod'
import { FeedFilter } from '#domain/feed/filter.ts'
import { FeedPlace } from '#domain/feed/place.ts'
import { OrganizationId } from '#domain/ids.ts'
import { commandsOn, refuse } from '#domain/kernel/lifecycle.ts'
import { date, instant, plainText } from '#domain/kernel/schema.ts'
import { addDays } from '#domain/kernel/time.ts'
import { Endpoint, keyShape, revokedBecause, type SubscriptionEvent } from './events.ts'
import type { Subscription } from './state.ts'

const command = commandsOn<Subscription, SubscriptionEvent>()

/** Whoever manages a subscription: the program it is for, with a key for that, and who looks after programs. */
export const managers = ['integration', 'admin'] as const

const LONGEST_GRANT_DAYS = 400
const MOST_REPLAYS = 5

const tooLong = (until: string, today: string, pointer: string) =>
  until < today || until > addDays(today, LONGEST_GRANT_DAYS)
    ? refuse(
        'subscription/grant-too-long',
        `From today until ${addDays(today, LONGEST_GRANT_DAYS)}.`,
        pointer,
      )
    : undefined

export const CreateSubscription = command({
  summary:
    'Asked for with POST /v1/subscriptions/{id}/create, which makes the signing keys and shows the secret once.',
  from: ['none'],
  by: ['system'],
  schema: z.strictObject({
    subscriber: plainText(80),
    organization: OrganizationId,
    feed: plainText(64),
    name: plainText(100),
    purpose: plainText(500),
    grantedUntil: date(),
    filter: FeedFilter,
    endpoint: Endpoint,
    after: FeedPlace,
    keys: z.strictObject(keyShape),
  }),
  emits: ['SubscriptionCreated', 'SigningKeysIssued'],
  decide: (_, { keys, ...data }, { occurredOn, now }) =>
    tooLong(data.grantedUntil, occurredOn, '/grantedUntil') ?? [
      { type: 'SubscriptionCreated', data },
      { type: 'SigningKeysIssued', data: { ...keys, previousUntil: now } },
    ],
})

export const RotateSigningKeys = command({
  summary: 'Asked for with POST /v1/subscriptions/{id}/rotate-secret, which shows the new secret once.',
  from: ['active', 'paused', 'disabled'],
  by: ['system'],
  schema: z.strictObject({ ...keyShape, previousUntil: instant() }),
  emits: ['SigningKeysIssued'],
  decide: (_, data) => [{ type: 'SigningKeysIssued', data }],
})

export const ChangeEndpoint = command({
  summary: 'Asked for with POST /v1/subscriptions/{id}/change-endpoint, which looks at the address first.',
  from: ['active', 'paused', 'disabled'],
  by: ['system'],
  schema: z.strictObject({ endpoint: Endpoint }),
  emits: ['EndpointChanged'],
  decide: ({ endpoint: before }, { endpoint }) =>
    JSON.stringify(before) === JSON.stringify(endpoint)
      ? []
      : [{ type: 'EndpointChanged', data: { endpoint } }],
})

export const ReleaseParked = command({
  summary: 'What was parked after its last attempt is tried again, each family in its order.',
  from: ['active', 'paused'],
  by: [...managers],
  schema: z.strictObject({}),
  emits: ['ParkedReleased'],
  decide: () => [{ type: 'ParkedReleased', data: {} }],
})

export const RequestReplay = command({
  summary: 'Asked for with POST /v1/subscriptions/{id}/replay and a cursor.',
  from: ['active', 'paused'],
  by: ['system'],
  schema: z.strictObject({ after: FeedPlace, upTo: z.int().min(0), running: z.int().min(0) }),
  emits: ['ReplayRequested'],
  decide({ replays }, { after, upTo, running }) {
    if (upTo <= after.sequence) return refuse('subscription/nothing-to-replay', 'Nothing fits behind it yet.')
    return running >= MOST_REPLAYS
      ? refuse('subscription/replay-running', 'Wait for one of them.')
      : [{ type: 'ReplayRequested', data: { replay: replays.length + 1, after, upTo } }]
  },
})

export const RenewGrant = command({
  summary: 'Referral events may be sent for this purpose until that day.',
  from: ['active', 'paused', 'disabled'],
  by: ['admin'],
  schema: z.strictObject({ purpose: plainText(500), until: date() }),
  emits: ['GrantRenewed'],
  decide: (_, data, { occurredOn }) =>
    tooLong(data.until, occurredOn, '/until') ?? [{ type: 'GrantRenewed', data }],
})

export const RevokeGrant = command({
  summary: 'Nothing is sent any more, at once; what there would have been is noted as withheld.',
  from: ['active', 'paused', 'disabled'],
  by: ['admin'],
  schema: z.strictObject({ because: z.enum(revokedBecause) }),
  emits: ['GrantRevoked'],
  decide: ({ grant }, data) => (grant.revoked === undefined ? [{ type: 'GrantRevoked', data }] : []),
})

export const EndSubscription = command({
  summary: 'For good: its keys are forgotten; what is under way is given up.',
  from: ['active', 'paused', 'disabled'],
  by: [...managers],
  schema: z.strictObject({}),
  emits: ['SubscriptionEnded'],
  decide: () => [{ type: 'SubscriptionEnded', data: {} }],
})
