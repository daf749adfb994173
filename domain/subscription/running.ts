import { z } from 'zod'
import { commandsOn, refuse } from '#domain/kernel/lifecycle.ts'
import { instant } from '#domain/kernel/schema.ts'
import { disabledBecause, type SubscriptionEvent } from './events.ts'
import { managers } from './managing.ts'
import type { Subscription } from './state.ts'

const command = commandsOn<Subscription, SubscriptionEvent>()

export const PauseSubscription = command({
  summary: 'Nothing is sent until it is resumed; nothing is lost.',
  from: ['active'],
  by: [...managers],
  schema: z.strictObject({}),
  emits: ['SubscriptionPaused'],
  decide: () => [{ type: 'SubscriptionPaused', data: {} }],
})

export const ResumeSubscription = command({
  summary: 'It catches up from where it stood.',
  from: ['paused'],
  by: [...managers],
  schema: z.strictObject({}),
  emits: ['SubscriptionResumed'],
  decide: () => [{ type: 'SubscriptionResumed', data: {} }],
})

export const WarnOfFailing = command({
  summary: 'Given by the program: nothing has been taken for days.',
  from: ['active'],
  by: ['system'],
  schema: z.strictObject({ since: instant(), disabledFrom: instant() }),
  emits: ['EndpointFailing'],
  decide: ({ failingSince }, data) =>
    failingSince === data.since ? [] : [{ type: 'EndpointFailing', data }],
})

export const DisableSubscription = command({
  summary: 'Given by the program: the endpoint says it is gone, or has taken nothing for five days.',
  from: ['active', 'paused'],
  by: ['system'],
  schema: z.strictObject({ because: z.enum(disabledBecause), since: instant().optional() }),
  emits: ['SubscriptionDisabled'],
  decide: (_, data) => [{ type: 'SubscriptionDisabled', data }],
})

export const EnableSubscription = command({
  summary: 'The endpoint is well again: it catches up by itself, what was parked included.',
  from: ['disabled'],
  by: [...managers],
  schema: z.strictObject({}),
  emits: ['SubscriptionEnabled'],
  decide: ({ grant }) =>
    grant.revoked === undefined
      ? [{ type: 'SubscriptionEnabled', data: {} }]
      : refuse('subscription/grant-revoked', 'Ask whoever gave it.'),
})
