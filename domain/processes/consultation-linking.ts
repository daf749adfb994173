import type { DomainEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import type { AnyState } from '#domain/kernel/lifecycle.ts'
import { type Consequence, process } from '#domain/kernel/process.ts'

/**
 * A consultation is `linking` while a referral of it is open, and `open` again with the last one (dossier 3.1).
 * A declined referral is still open: its sender has to act.
 */
export const consultationLinking = process<DomainEvent>()({
  name: 'consultation-linking',
  on: {
    ReferralSent: ({ stream, data }) =>
      data.consultationId === undefined
        ? []
        : [
            {
              lifecycle: 'consultation',
              command: 'LinkConsultation',
              id: data.consultationId,
              data: {
                referralId: idIn(stream),
                destinationKind: data.destinationKind,
                ...(data.toOrganization && { toOrganization: data.toOrganization }),
              },
            },
          ],
    ReferralClosed: ({ stream }) => unlink(idIn(stream)),
    ReferralWithdrawn: ({ stream }) => unlink(idIn(stream)),
  },
})

const unlink =
  (referralId: string) =>
  (state: AnyState): readonly Consequence[] => {
    const consultationId = 'consultationId' in state ? state.consultationId : undefined
    if (typeof consultationId !== 'string') return []
    return [
      { lifecycle: 'consultation', command: 'UnlinkConsultation', id: consultationId, data: { referralId } },
    ]
  }
