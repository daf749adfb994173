import type { DomainEvent } from '#domain/events.ts'
import { idIn, type StreamName } from '#domain/kernel/event.ts'
import type { AnyState } from '#domain/kernel/lifecycle.ts'
import { type Consequence, process } from '#domain/kernel/process.ts'

/** The family's stream knows which of its memberships are active, so that a match can be decided on it (dossier 3.3). */
export const kosapoMembers = process<DomainEvent>()({
  name: 'kosapo-members',
  on: {
    MembershipRegistered: ({ stream }) => noted(stream),
    MembershipRenewed: ({ stream }) => noted(stream),
    MembershipKindChanged: ({ stream }) => noted(stream),
    MembershipLapsed: ({ stream }) => noted(stream),
    MembershipEnded: ({ stream }) => noted(stream),
  },
})

const noted =
  (stream: StreamName) =>
  (state: AnyState): readonly Consequence[] => {
    const { familyId, kind } = state as { familyId?: string; kind?: string }
    if (familyId === undefined || kind === undefined) return []
    const data = { membershipId: idIn(stream), kind, active: state.status === 'active' }
    return [{ lifecycle: 'family', command: 'NoteFamilyMembership', id: familyId, data }]
  }
