import { lifecycleOf } from '#domain/kernel/lifecycle.ts'
import { type SubscriptionEvent, subscriptionEvents } from './events.ts'
import {
  ChangeEndpoint,
  CreateSubscription,
  EndSubscription,
  ReleaseParked,
  RenewGrant,
  RequestReplay,
  RevokeGrant,
  RotateSigningKeys,
} from './managing.ts'
import {
  DisableSubscription,
  EnableSubscription,
  PauseSubscription,
  ResumeSubscription,
  WarnOfFailing,
} from './running.ts'
import { type Known, type Subscription, signedFrom } from './state.ts'

const known = (state: Subscription, next: (known: Known) => Partial<Known>): Subscription =>
  state.status === 'none' ? state : { ...state, ...next(state) }

/** 配信: referral events to a program of somebody else's, by webhooks (DELIVERY; dossier 2.12). */
export const subscription = lifecycleOf<Subscription, SubscriptionEvent>()({
  name: 'subscription',
  collection: 'subscriptions',
  titleJa: '配信',
  scope: 'subscriptions:manage',
  events: subscriptionEvents,
  initial: { status: 'none' },
  refusals: {
    'subscription/grant-too-long': ['A grant lasts 400 days at most.', 400],
    'subscription/grant-revoked': 'The grant was revoked; it has to be renewed first.',
    'subscription/nothing-to-replay': 'There is nothing behind that place.',
    'subscription/replay-running': 'Five replays at most run at the same time.',
  },
  familyOf: () => undefined,
  evolve: {
    SubscriptionCreated: (_, { organization, purpose, grantedUntil, ...rest }) => ({
      ...rest,
      status: 'active',
      organizationId: organization,
      grant: { purpose, until: grantedUntil },
      keys: [],
      replays: [],
    }),
    SigningKeysIssued: (state, issued) => known(state, ({ keys }) => ({ keys: signedFrom(keys, issued) })),
    EndpointChanged: (state, { endpoint }) => known(state, () => ({ endpoint })),
    SubscriptionPaused: (state) => known(state, () => ({ status: 'paused' })),
    SubscriptionResumed: (state) => known(state, () => ({ status: 'active' })),
    EndpointFailing: (state, { since }) => known(state, () => ({ failingSince: since })),
    SubscriptionDisabled: (state, { because }, { occurredAt }) =>
      known(state, () => ({ status: 'disabled', disabled: { because, at: occurredAt } })),
    SubscriptionEnabled: (state) =>
      known(state, () => ({ status: 'active', disabled: undefined, failingSince: undefined })),
    ParkedReleased: (state) => state,
    ReplayRequested: (state, replay) => known(state, ({ replays }) => ({ replays: [...replays, replay] })),
    GrantRenewed: (state, grant) => known(state, () => ({ grant })),
    GrantRevoked: (state, { because }) =>
      known(state, ({ grant }) => ({ grant: { ...grant, revoked: because } })),
    SubscriptionEnded: (state) => known(state, () => ({ status: 'ended', keys: [] })),
  },
  commands: {
    CreateSubscription,
    RotateSigningKeys,
    ChangeEndpoint,
    PauseSubscription,
    ResumeSubscription,
    WarnOfFailing,
    DisableSubscription,
    EnableSubscription,
    ReleaseParked,
    RequestReplay,
    RenewGrant,
    RevokeGrant,
    EndSubscription,
  },
})
