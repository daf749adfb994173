import { z } from 'zod'
import { destinationKind } from '#domain/codes/lists.ts'
import { MembershipId } from '#domain/ids.ts'
import { commandsOn, firstRefusal, look } from '#domain/kernel/lifecycle.ts'
import { codeOf, japanInstant, text } from '#domain/kernel/schema.ts'
import { addHours } from '#domain/kernel/time.ts'
import { given } from '#domain/kernel/values.ts'
import { hub } from '#domain/roles.ts'
import { type CareRequestEvent, requestShape } from './events.ts'
import { childrenBelong, isOurs, isUrgent, oneAtATime, providerIsReady, wasAsked } from './guards.ts'
import type { CareRequest } from './state.ts'
import { familyView, memberView } from './views.ts'

const command = commandsOn<CareRequest, CareRequestEvent>()

/** Nobody found in two hours: the director is told and other services are offered (dossier 3.3, urgent path). */
const HOURS_TO_FIND_SOMEBODY = 2

export const RequestCare = command({
  summary: 'A family asks for care or escort. In an urgent case before it is a member (R-KOS-1).',
  from: ['none'],
  by: hub,
  schema: z
    .strictObject({
      ...requestShape,
      urgency: requestShape.urgency.default('normal'),
      wantedFrom: japanInstant().optional(),
      wantedTo: japanInstant().optional(),
    })
    .refine(
      ({ wantedFrom, wantedTo }) => !wantedFrom || !wantedTo || Date.parse(wantedFrom) < Date.parse(wantedTo),
      {
        path: ['wantedTo'],
        message: 'not after `wantedFrom`',
        params: { code: 'ends_before_start' },
      },
    ),
  emits: ['CareRequested'],
  looksAt: ({ familyId }) => ({ family: look(familyView, familyId) }),
  decide(_, data, { seen, occurredAt }) {
    const answerDueAt = isUrgent(data.urgency) ? addHours(occurredAt, HOURS_TO_FIND_SOMEBODY) : undefined
    return (
      childrenBelong(seen.family, data.children) ?? [
        { type: 'CareRequested', data: { ...data, ...given({ answerDueAt }) } },
      ]
    )
  },
})

export const ProposeCandidate = command({
  summary: 'A provider is asked. Several at once only when it is urgent.',
  from: ['requested', 'searching'],
  by: hub,
  schema: z.strictObject({
    provider: MembershipId,
    distance: text(80).optional(),
    conditions: text(1_000).optional(),
  }),
  emits: ['CandidateProposed'],
  looksAt: ({ provider }, { familyId }) => ({
    provider: look(memberView, provider),
    family: look(familyView, familyId),
  }),
  decide(state, data, context) {
    const { provider, family } = context.seen
    const refusal = firstRefusal(
      isOurs(state, context),
      providerIsReady(provider, state, family),
      oneAtATime(state, data.provider),
    )
    if (refusal) return refusal
    return state.candidates[data.provider] === 'asked' ? [] : [{ type: 'CandidateProposed', data }]
  },
})

export const AcceptCandidate = command({
  summary: 'A provider who was asked would do it.',
  from: ['searching'],
  by: hub,
  schema: z.strictObject({ provider: MembershipId }),
  emits: ['CandidateAccepted'],
  decide: (state, data, context) =>
    firstRefusal(isOurs(state, context), wasAsked(state, data.provider)) ?? [
      { type: 'CandidateAccepted', data },
    ],
})

export const DeclineCandidate = command({
  summary: 'A provider who was asked cannot do it.',
  from: ['searching'],
  by: hub,
  schema: z.strictObject({ provider: MembershipId, reason: text(500).optional() }),
  emits: ['CandidateDeclined'],
  decide: (state, data, context) =>
    firstRefusal(isOurs(state, context), wasAsked(state, data.provider)) ?? [
      { type: 'CandidateDeclined', data },
    ],
})

export const RecordMatchNotReached = command({
  summary: 'Nobody was found. The unmet need is counted, other services are offered (R-KOS-4).',
  from: ['requested', 'searching'],
  by: hub,
  schema: z.strictObject({
    reason: text(500).optional(),
    offered: z.array(codeOf(destinationKind)).max(27).default([]),
  }),
  emits: ['MatchNotReached'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'MatchNotReached', data }],
})

export const CancelCareRequest = command({
  summary: 'The family no longer needs it.',
  from: ['requested', 'searching', 'candidateFound'],
  by: hub,
  schema: z.strictObject({ reason: text(500).optional() }),
  emits: ['CareRequestCancelled'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'CareRequestCancelled', data }],
})
