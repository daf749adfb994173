import type { FamilyEvent } from '#domain/family/events.ts'
import { fold } from '#domain/kernel/lifecycle.ts'

/** The people of a family, children with their birth dates: who may ask about whom. */
export type FamilyView = { readonly people: Readonly<Record<string, { readonly birthDate?: string }>> }

type Child = { readonly personId: string; readonly birthDate?: string | undefined }

export const familyView = fold<FamilyView, FamilyEvent>(
  'family',
  { people: {} },
  {
    FamilyRegistered: (_, { caregivers, children }) => ({
      people: { ...adults(caregivers), ...born(children) },
    }),
    CaregiverAdded: ({ people }, { caregiver }) => ({ people: { ...people, ...adults([caregiver]) } }),
    ChildAdded: ({ people }, { child }) => ({ people: { ...people, ...born([child]) } }),
    FamilyProfileUpdated: ({ people }, { children = [] }) => ({ people: { ...people, ...born(children) } }),
  },
)

const adults = (caregivers: readonly { readonly personId: string }[]): FamilyView['people'] =>
  Object.fromEntries(caregivers.map(({ personId }) => [personId, {}]))

const born = (children: readonly Child[]): FamilyView['people'] =>
  Object.fromEntries(
    children.flatMap(({ personId, birthDate }) =>
      birthDate === undefined ? [] : [[personId, { birthDate }]],
    ),
  )
