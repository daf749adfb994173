import type { FamilyEvent } from '#domain/family/events.ts'
import { fold } from '#domain/kernel/lifecycle.ts'
import { given } from '#domain/kernel/values.ts'
import type { MembershipEvent } from '#domain/membership/events.ts'

export type MemberView = {
  readonly active: boolean
  readonly trained: boolean
  readonly kind: string
  readonly familyId?: string
  readonly person?: string
}

/** What a match has to know of a member. */
export const memberView = fold<MemberView, MembershipEvent>(
  'membership',
  { active: false, trained: false, kind: '' },
  {
    KosapoOrientationAttended: (member, { familyId, person }) => ({
      ...member,
      ...given({ familyId, person }),
    }),
    ProviderTrainingCompleted: (member) => ({ ...member, trained: true }),
    MembershipRegistered: (member, { kind, familyId, person }) => ({
      ...member,
      active: true,
      kind,
      ...given({ familyId, person }),
    }),
    MembershipRenewed: (member) => ({ ...member, active: true }),
    MembershipKindChanged: (member, { kind }) => ({ ...member, kind }),
    MembershipLapsed: (member) => ({ ...member, active: false }),
    MembershipEnded: (member) => ({ ...member, active: false }),
  },
)

export type FamilyView = {
  readonly caregivers: readonly string[]
  /** Birth dates of the children by person id. */
  readonly children: Readonly<Record<string, string>>
  /** User memberships of the family that are active. */
  readonly members: readonly string[]
}

export const familyView = fold<FamilyView, FamilyEvent>(
  'family',
  { caregivers: [], children: {}, members: [] },
  {
    FamilyRegistered: (family, { caregivers, children }) => ({
      ...family,
      caregivers: caregivers.map(({ personId }) => personId),
      children: Object.fromEntries(children.map(({ personId, birthDate }) => [personId, birthDate])),
    }),
    CaregiverAdded: (family, { caregiver }) => ({
      ...family,
      caregivers: [...family.caregivers, caregiver.personId],
    }),
    ChildAdded: (family, { child }) => ({
      ...family,
      children: { ...family.children, [child.personId]: child.birthDate },
    }),
    FamilyProfileUpdated: (family, { children = [] }) => ({
      ...family,
      children: {
        ...family.children,
        ...Object.fromEntries(
          children.flatMap(({ personId, birthDate }) => (birthDate ? [[personId, birthDate]] : [])),
        ),
      },
    }),
    FamilyMembershipNoted: (family, { membershipId, kind, active }) => {
      const others = family.members.filter((member) => member !== membershipId)
      return { ...family, members: active && kind !== 'provider' ? [...others, membershipId] : others }
    },
  },
)
