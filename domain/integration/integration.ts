import { z } from 'zod'
import { OrganizationId } from '#domain/ids.ts'
import { commandsOn, lifecycleOf, refuse } from '#domain/kernel/lifecycle.ts'
import { date, plainText } from '#domain/kernel/schema.ts'
import { addDays } from '#domain/kernel/time.ts'
import { type IntegrationEvent, integrationEvents, revocations, scopes } from './events.ts'

export type Key = { readonly key: string; readonly digest: string; readonly expiresOn: string }

export type Integration =
  | { readonly status: 'none' }
  | {
      readonly status: 'active'
      readonly organizationId: string
      readonly scopes: readonly string[]
      /** Neither revoked; whether they have expired is for the day to say. */
      readonly keys: readonly Key[]
    }

/** Two, so that the next one works before the last one ends. */
const LIVE_KEYS = 2
const LONGEST_DAYS = 400

export const isLive = ({ expiresOn }: Key, today: string): boolean => today <= expiresOn

const command = commandsOn<Integration, IntegrationEvent>()

const RegisterIntegration = command({
  summary: 'A program of another organisation’s, such as the ward’s own system, and what it may do.',
  from: ['none'],
  by: ['admin'],
  schema: z.strictObject({
    organization: OrganizationId,
    name: plainText(100),
    scopes: z.array(z.enum(scopes)).min(1),
  }),
  emits: ['IntegrationRegistered'],
  decide: (_, data) => [{ type: 'IntegrationRegistered', data }],
})

const IssueApiKey = command({
  summary: 'Asked for with POST /v1/integrations/{id}/keys, which makes the secret and shows it once.',
  from: ['active'],
  by: ['system'],
  schema: z.strictObject({ key: plainText(16), digest: plainText(64), expiresOn: date() }),
  emits: ['ApiKeyIssued'],
  decide({ keys }, data, { occurredOn }) {
    if (data.expiresOn < occurredOn || data.expiresOn > addDays(occurredOn, LONGEST_DAYS))
      return refuse('integration/expiry', `At most until ${addDays(occurredOn, LONGEST_DAYS)}.`, '/expiresOn')
    return keys.filter((key) => isLive(key, occurredOn)).length >= LIVE_KEYS
      ? refuse('integration/two-keys', 'Revoke one first.')
      : [{ type: 'ApiKeyIssued', data }]
  },
})

const RevokeApiKey = command({
  summary: 'The key opens nothing any more, at once.',
  from: ['active'],
  by: ['admin'],
  schema: z.strictObject({ key: plainText(16), reason: z.enum(revocations) }),
  emits: ['ApiKeyRevoked'],
  decide: ({ keys }, data) =>
    keys.some(({ key }) => key === data.key) ? [{ type: 'ApiKeyRevoked', data }] : [],
})

/** 連携先: who reads from outside, with keys instead of people (SECURITY, Identity). */
export const integration = lifecycleOf<Integration, IntegrationEvent>()({
  name: 'integration',
  collection: 'integrations',
  titleJa: '連携先',
  readableIds: true,
  events: integrationEvents,
  initial: { status: 'none' },
  refusals: {
    'integration/two-keys': 'Two keys are alive already: one works, one takes its place.',
    'integration/expiry': ['A key lasts 400 days at most.', 400],
  },
  familyOf: () => undefined,
  evolve: {
    IntegrationRegistered: (_, { organization, scopes }) => ({
      status: 'active',
      organizationId: organization,
      scopes,
      keys: [],
    }),
    ApiKeyIssued: (state, key) =>
      state.status === 'active' ? { ...state, keys: [...state.keys, key] } : state,
    ApiKeyRevoked: (state, { key: revoked }) =>
      state.status === 'active' ? { ...state, keys: state.keys.filter(({ key }) => key !== revoked) } : state,
  },
  commands: { RegisterIntegration, IssueApiKey, RevokeApiKey },
})
