import { z } from 'zod'
import { commandsOn, firstRefusal } from '#domain/kernel/lifecycle.ts'
import { text } from '#domain/kernel/schema.ts'
import { caseworkers } from '#domain/roles.ts'
import { type ConsultationEvent, choices, optionShape } from './events.ts'
import { isOurs, wasProposed } from './guards.ts'
import type { Consultation } from './state.ts'

const command = commandsOn<Consultation, ConsultationEvent>()

export const MakeConsultationProposal = command({
  summary: 'Options for the caregiver to choose from; "nothing now" is always allowed.',
  from: ['open'],
  by: caseworkers,
  schema: z
    .strictObject({ options: z.array(z.strictObject(optionShape)).min(1).max(20) })
    .refine(namesDiffer, {
      path: ['options'],
      message: 'two options have the same name',
    }),
  emits: ['ConsultationProposalMade'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'ConsultationProposalMade', data }],
})

export const RecordCaregiverChoice = command({
  summary: 'What the caregiver chose. "Not now" and "no" are ordinary answers.',
  from: ['awaitingCaregiver'],
  by: caseworkers,
  schema: z.strictObject({
    choices: z
      .array(z.strictObject({ option: text(40), choice: z.enum(choices) }))
      .min(1)
      .max(20),
    words: text(1_000).optional(),
  }),
  emits: ['CaregiverChoiceRecorded'],
  decide: (state, data, context) =>
    firstRefusal(
      isOurs(state, context),
      ...data.choices.map(({ option }, i) => wasProposed(state.options, option, i)),
    ) ?? [{ type: 'CaregiverChoiceRecorded', data }],
})

function namesDiffer({ options }: { options: readonly { option: string }[] }): boolean {
  return new Set(options.map(({ option }) => option)).size === options.length
}
