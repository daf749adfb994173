import type { ReadStore } from '#domain/kernel/projection.ts'
import { breakGlassUses } from '#projections/break-glass.ts'
import type { Principal } from './principal.ts'

/** Whether this person has broken the glass for this family, less than four hours ago (R-ACC-4). */
export const isGlassBroken = (
  views: ReadStore,
  { staffId }: Principal,
  familyId: string,
  now: string,
): boolean =>
  views
    .reader(breakGlassUses)
    .list({ where: { family: familyId, staff: staffId } })
    .some(({ until }) => now < until)
