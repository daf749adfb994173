import { z } from 'zod'
import { MatchId, MembershipId } from '#domain/ids.ts'
import { commandsOn, firstRefusal, look } from '#domain/kernel/lifecycle.ts'
import { japanInstant, text } from '#domain/kernel/schema.ts'
import { hub } from '#domain/roles.ts'
import type { CareRequestEvent } from './events.ts'
import { childIsEligible, isAProvider, isMember, isOurs, providerIsReady, wasMet } from './guards.ts'
import type { Begun, CareRequest } from './state.ts'
import { familyView, memberView } from './views.ts'

const command = commandsOn<CareRequest, CareRequestEvent>()

export const SchedulePreMeeting = command({
  summary: 'Family, child, provider and coordinator will meet, normally where the care will take place.',
  from: ['requested', 'searching', 'candidateFound'],
  by: hub,
  schema: z.strictObject({ provider: MembershipId, at: japanInstant(), place: text(80).optional() }),
  emits: ['PreMeetingScheduled'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'PreMeetingScheduled', data }],
})

export const HoldPreMeeting = command({
  summary: 'They have met. Asking and accepting are implied where nobody recorded them.',
  from: ['requested', 'searching', 'candidateFound'],
  by: hub,
  schema: z.strictObject({
    provider: MembershipId,
    place: text(80).optional(),
    participants: z.array(text(80)).max(20).optional(),
    sheet: text(5_000).optional(),
  }),
  emits: ['PreMeetingHeld'],
  looksAt: ({ provider }, { familyId }) => ({
    provider: look(memberView, provider),
    family: look(familyView, familyId),
  }),
  decide: (state, data, context) =>
    firstRefusal(isOurs(state, context), isAProvider(context.seen.provider, state, context.seen.family)) ?? [
      { type: 'PreMeetingHeld', data: { ...data, ...impliedBy(state, data.provider) } },
    ],
})

export const RecordPreMeetingNotAgreed = command({
  summary: 'One side would rather not. The reason is kept from the other.',
  from: ['preMeetingDone'],
  by: hub,
  schema: z.strictObject({
    declinedBy: z.enum(['user', 'provider']).optional(),
    reason: text(500).optional(),
  }),
  emits: ['PreMeetingNotAgreed'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'PreMeetingNotAgreed', data }],
})

export const AgreeMatch = command({
  summary:
    'Both sides accept: two active members, a trained provider, a child old and young enough on the day of care.',
  from: ['preMeetingDone'],
  by: hub,
  schema: z.strictObject({
    match: MatchId.optional().describe('Chosen by the system when absent.'),
    provider: MembershipId.optional().describe('The provider they met, unless said.'),
  }),
  emits: ['MatchAgreed'],
  looksAt: ({ provider }, state) => {
    const agreed = provider ?? state.met
    return {
      provider: agreed === undefined ? undefined : look(memberView, agreed),
      family: look(familyView, state.familyId),
    }
  },
  decide(state, data, context) {
    const { family, provider } = context.seen
    const [member] = family.members
    const refusal = firstRefusal(
      isOurs(state, context),
      wasMet(state, data.provider),
      provider && providerIsReady(provider, state, family),
      isMember(family),
      childIsEligible(state, family, context),
    )
    if (refusal) return refusal
    const match = data.match ?? MatchId.parse(context.newId())
    return [
      {
        type: 'MatchAgreed',
        data: { match, provider: MembershipId.parse(state.met), member: MembershipId.parse(member) },
      },
    ]
  },
})

const impliedBy = (state: Begun, provider: string) => {
  const answer = state.candidates[provider]
  if (answer === 'accepted') return {}
  return {
    implied:
      answer === 'asked'
        ? ['CandidateAccepted' as const]
        : ['CandidateProposed' as const, 'CandidateAccepted' as const],
  }
}
