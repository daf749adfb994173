import type { Circumstance } from '#domain/kernel/lifecycle.ts'
import type { FamilyEvent } from './events.ts'
import { isProtecting } from './protection.ts'

export type Family = {
  readonly status: 'none' | 'registered'
  readonly people: Readonly<Record<string, Person>>
  /** In hiding (R-ACC-2). */
  readonly isProtected: boolean
  /** Whose register it is. */
  readonly registeredBy?: string
  readonly ward?: string | undefined
  readonly memberships: Readonly<Record<string, { readonly kind: string; readonly active: boolean }>>
}
export type Person = { readonly as: 'caregiver' | 'child'; readonly birthDate?: string | undefined }

export const initial: Family = { status: 'none', isProtected: false, people: {}, memberships: {} }

type Steps = {
  [T in FamilyEvent['type']]: (
    state: Family,
    data: Extract<FamilyEvent, { type: T }>['data'],
    when: Circumstance,
  ) => Family
}

export const evolve: Steps = {
  FamilyRegistered: (state, { caregivers, children, residenceWard, householdFlags }, { actor }) => ({
    ...state,
    status: 'registered',
    isProtected: isProtecting(householdFlags),
    registeredBy: actor.organizationId,
    ward: residenceWard,
    people: {
      ...Object.fromEntries(caregivers.map(({ personId }) => [personId, { as: 'caregiver' as const }])),
      ...Object.fromEntries(
        children.map(({ personId, birthDate }) => [personId, { as: 'child' as const, birthDate }]),
      ),
    },
  }),
  CaregiverAdded: (state, { caregiver }) => withPerson(state, caregiver.personId, { as: 'caregiver' }),
  ChildAdded: (state, { child }) =>
    withPerson(state, child.personId, { as: 'child', birthDate: child.birthDate }),
  FamilyProfileUpdated: (state, { residenceWard, householdFlags, children = [] }) =>
    children
      .filter(({ birthDate }) => birthDate !== undefined)
      .reduce<Family>(
        (after, { personId, birthDate }) => withPerson(after, personId, { as: 'child', birthDate }),
        {
          ...state,
          ward: residenceWard ?? state.ward,
          isProtected: householdFlags ? isProtecting(householdFlags) : state.isProtected,
        },
      ),
  FamilyTypeAssessed: (state) => state,
  ChildPlacementChanged: (state) => state,
  FamilyMoved: (state, { to }) => ({ ...state, ward: to }),
  FamilyMembershipNoted: (state, { membershipId, kind, active }) => ({
    ...state,
    memberships: { ...state.memberships, [membershipId]: { kind, active } },
  }),
}

const withPerson = (state: Family, id: string, person: Person): Family => ({
  ...state,
  people: { ...state.people, [id]: person },
})
