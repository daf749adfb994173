import type { DomainEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { process } from '#domain/kernel/process.ts'

/** Sending anew closes the declined referral: two were sent, one family was linked (R-REF-2). */
export const resentReferrals = process<DomainEvent>()({
  name: 'resent-referrals',
  on: {
    ReferralSent: ({ stream, data }) =>
      data.supersedes === undefined
        ? []
        : [
            {
              lifecycle: 'referral',
              command: 'CloseReferral',
              id: data.supersedes,
              data: { resolution: 'resent', supersededBy: idIn(stream) },
            },
          ],
  },
})
