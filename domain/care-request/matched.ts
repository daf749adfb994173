import { z } from 'zod'
import { commandsOn, firstRefusal, look } from '#domain/kernel/lifecycle.ts'
import { text } from '#domain/kernel/schema.ts'
import { hub, system } from '#domain/roles.ts'
import { type CareRequestEvent, endReasons } from './events.ts'
import { isMember, isOurs, providerIsReady } from './guards.ts'
import type { CareRequest } from './state.ts'
import { familyView, memberView } from './views.ts'

const command = commandsOn<CareRequest, CareRequestEvent>()

export const SuspendMatch = command({
  summary: 'Illness, absence of the provider, a lapsed membership.',
  from: ['agreed'],
  by: [...hub, ...system],
  schema: z.strictObject({ reason: text(500) }),
  emits: ['MatchSuspended'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'MatchSuspended', data }],
})

export const ResumeMatch = command({
  summary: 'It goes on: both members are active again.',
  from: ['suspended'],
  by: hub,
  schema: z.strictObject({ note: text(500).optional() }),
  emits: ['MatchResumed'],
  looksAt: (_, { agreed, familyId }) => ({
    provider: agreed && look(memberView, agreed.provider),
    family: look(familyView, familyId),
  }),
  decide: (state, data, context) =>
    firstRefusal(
      isOurs(state, context),
      context.seen.provider && providerIsReady(context.seen.provider, state, context.seen.family),
      isMember(context.seen.family),
    ) ?? [{ type: 'MatchResumed', data }],
})

export const EndMatch = command({
  summary: 'The match is over.',
  from: ['agreed', 'suspended'],
  by: hub,
  schema: z.strictObject({ reason: z.enum(endReasons), note: text(500).optional() }),
  emits: ['MatchEnded'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'MatchEnded', data }],
})
