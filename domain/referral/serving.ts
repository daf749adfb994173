import { z } from 'zod'
import { referralOutcome } from '#domain/codes/lists.ts'
import { ReferralId } from '#domain/ids.ts'
import { commandsOn } from '#domain/kernel/lifecycle.ts'
import { baseCode, codeOf, text } from '#domain/kernel/schema.ts'
import { given } from '#domain/kernel/values.ts'
import { caseworkers } from '#domain/roles.ts'
import { dueOn } from './due-dates.ts'
import type { ReferralEvent } from './events.ts'
import { byReceiver } from './guards.ts'
import type { Begun, Referral } from './state.ts'

const command = commandsOn<Referral, ReferralEvent>()

/** Interim answers re-arm the outcome clock; the others are final unless said. */
const INTERIM = ['inFollowUp', 'waitingList']

export const MakeReferralContact = command({
  summary: 'An attempt to reach the family; `reached` stops the first-contact clock.',
  from: ['accepted'],
  by: caseworkers,
  schema: z.strictObject({
    result: z.enum(['reached', 'notReached', 'refused']),
    note: text(1_000).optional(),
  }),
  emits: ['ReferralContactMade'],
  decide: (state, data, context) =>
    byReceiver(state, context) ?? [
      { type: 'ReferralContactMade', data: { ...data, ...(data.result === 'reached' && outcomeDue(state)) } },
    ],
})

export const StartReferralService = command({
  summary: 'The support the family was sent for has begun.',
  from: ['accepted'],
  by: caseworkers,
  schema: z.strictObject({ note: text(1_000).optional() }),
  emits: ['ReferralServiceStarted'],
  decide: (state, data, context) =>
    byReceiver(state, context) ?? [
      { type: 'ReferralServiceStarted', data: { ...data, ...outcomeDue(state) } },
    ],
})

export const ReportReferralOutcome = command({
  summary:
    'What came of it, as far as the caregiver agreed that it may be told back. Interim first, final later.',
  from: ['accepted', 'inService', 'outcomeReported'],
  by: caseworkers,
  schema: z
    .strictObject({
      outcome: codeOf(referralOutcome),
      final: z.boolean().optional(),
      note: text(2_000).optional(),
      nextReferral: ReferralId.optional(),
    })
    .refine(({ outcome, note }) => baseCode(outcome) !== 'outcomeWithheld' || note === undefined, {
      path: ['note'],
      message: 'nothing is told when the outcome is withheld',
    }),
  emits: ['ReferralOutcomeReported'],
  decide(state, { final, ...data }, context) {
    const isFinal = final ?? !INTERIM.includes(baseCode(data.outcome))
    const outcomeDueOn = isFinal ? undefined : dueOn('outcome', state.urgency, context, 'ward')
    return (
      byReceiver(state, context) ?? [
        { type: 'ReferralOutcomeReported', data: { ...data, final: isFinal, ...given({ outcomeDueOn }) } },
      ]
    )
  },
})

/** The day by which the sender hears of it, as it was fixed at the acceptance. */
const outcomeDue = ({ running }: Begun) => given({ outcomeDueOn: running.outcome?.on })
