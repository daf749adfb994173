import { z } from 'zod'
import { destinationKind } from '#domain/codes/lists.ts'
import { OrganizationId, ReferralId } from '#domain/ids.ts'
import { commandsOn } from '#domain/kernel/lifecycle.ts'
import { codeOf } from '#domain/kernel/schema.ts'
import { system } from '#domain/roles.ts'
import type { ConsultationEvent } from './events.ts'
import type { Consultation } from './state.ts'

const command = commandsOn<Consultation, ConsultationEvent>()

export const LinkConsultation = command({
  summary: 'A referral of this consultation was sent: it is `linking` until the last one ends.',
  from: ['open', 'awaitingCaregiver', 'linking', 'closed'],
  by: system,
  schema: z.strictObject({
    referralId: ReferralId,
    toOrganization: OrganizationId.optional(),
    destinationKind: codeOf(destinationKind),
  }),
  emits: ['ConsultationReopened', 'ConsultationLinked'],
  decide(state, data) {
    if (data.referralId in state.openReferrals) return []
    const linked = { type: 'ConsultationLinked', data } as const
    // Closed in the moment between the referral's decision and now: an open referral never hangs on a closed consultation.
    return state.status === 'closed' ? [{ type: 'ConsultationReopened', data: {} }, linked] : [linked]
  },
})

export const UnlinkConsultation = command({
  summary: 'A referral of this consultation ended; with the last one it is `open` again.',
  from: ['open', 'awaitingCaregiver', 'linking', 'closed'],
  by: system,
  schema: z.strictObject({ referralId: ReferralId }),
  emits: ['ConsultationUnlinked'],
  decide(state, { referralId }) {
    if (!(referralId in state.openReferrals)) return []
    const stillLinking = Object.keys(state.openReferrals).length > 1
    return [{ type: 'ConsultationUnlinked', data: { referralId, stillLinking } }]
  },
})
