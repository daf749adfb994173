import { z } from 'zod'
import { commandsOn } from '#domain/kernel/lifecycle.ts'
import { text } from '#domain/kernel/schema.ts'
import { caseworkers } from '#domain/roles.ts'
import type { ConsultationEvent } from './events.ts'
import { isOurs } from './guards.ts'
import type { Consultation } from './state.ts'

const command = commandsOn<Consultation, ConsultationEvent>()

export const CloseConsultation = command({
  summary: 'Nothing more to do for now. Refused while a referral of it is open.',
  from: ['open', 'awaitingCaregiver'],
  by: caseworkers,
  schema: z.strictObject({ closeReason: text(500) }),
  emits: ['ConsultationClosed'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'ConsultationClosed', data }],
})

export const ReopenConsultation = command({
  summary: 'The same topic has come back. A new topic may equally open a new consultation.',
  from: ['closed'],
  by: caseworkers,
  schema: z.strictObject({ reason: text(500).optional() }),
  emits: ['ConsultationReopened'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'ConsultationReopened', data }],
})
