import type { FamilyEvent } from '#domain/family/events.ts'
import { fold } from '#domain/kernel/lifecycle.ts'

export type FamilyView = { readonly adults: readonly string[] }

/** Who of the family is an adult: one adult does not consent for another (R-PRI-3). */
export const familyView = fold<FamilyView, FamilyEvent>(
  'family',
  { adults: [] },
  {
    FamilyRegistered: (_, { caregivers }) => ({ adults: caregivers.map(({ personId }) => personId) }),
    CaregiverAdded: ({ adults }, { caregiver }) => ({ adults: [...adults, caregiver.personId] }),
  },
)
