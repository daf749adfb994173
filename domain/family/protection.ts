import { fold } from '#domain/kernel/lifecycle.ts'
import { baseCode } from '#domain/kernel/schema.ts'
import type { FamilyEvent } from './events.ts'

export type Protection = { readonly isProtected: boolean }

const protectedBy = (flags: readonly string[]): Protection => ({
  isProtected: flags.some((flag) => baseCode(flag) === 'dvProtection'),
})

/** DV等支援措置: whether a household's whereabouts are kept secret now (dossier 2.10 `householdFlag`, R-ACC-2). */
export const protection = fold<Protection, FamilyEvent>(
  'family',
  { isProtected: false },
  {
    FamilyRegistered: (_, { householdFlags }) => protectedBy(householdFlags),
    FamilyProfileUpdated: (before, { householdFlags }) =>
      householdFlags ? protectedBy(householdFlags) : before,
  },
)
