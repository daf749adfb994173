import { fold } from '#domain/kernel/lifecycle.ts'
import { baseCode } from '#domain/kernel/schema.ts'
import type { FamilyEvent } from './events.ts'

export type Protection =
  | { readonly isProtected: false }
  /** `since`: when it happened that it was set. */
  | { readonly isProtected: true; readonly since: string }

export const isProtecting = (flags: readonly string[]): boolean =>
  flags.some((flag) => baseCode(flag) === 'dvProtection')

const after = (before: Protection, flags: readonly string[], at: string): Protection => {
  if (!isProtecting(flags)) return { isProtected: false }
  return before.isProtected ? before : { isProtected: true, since: at }
}

/** DV等支援措置: whether a household's whereabouts are kept secret now (dossier 2.10 `householdFlag`, R-ACC-2). */
export const protection = fold<Protection, FamilyEvent>(
  'family',
  { isProtected: false },
  {
    FamilyRegistered: (before, { householdFlags }, { occurredAt }) =>
      after(before, householdFlags, occurredAt),
    FamilyProfileUpdated: (before, { householdFlags }, { occurredAt }) =>
      householdFlags ? after(before, householdFlags, occurredAt) : before,
  },
)
