import type { FamilyEvent } from '#domain/family/events.ts'
import { fold } from '#domain/kernel/lifecycle.ts'
import { hubRoles, wardRoles } from '#domain/kernel/metadata.ts'
import { ViewNotReady } from '#domain/kernel/projection.ts'
import { families } from '#projections/families.ts'
import type { System } from '#src/system.ts'
import { isGlassBroken } from './break-glass.ts'
import { isInConflict, type Principal } from './principal.ts'

/**
 * Which organisation has something to do with a family: whoever recorded about it or was sent a referral about it, and whoever broke
 * the glass. For everybody else it does not exist; what the others see of it is for `reveal` (ADR 6).
 */
export type Relation = {
  /** Hub or ward staff whose organisation knows the family, and auditors. */
  mayRead(principal: Principal, familyId: string): Promise<boolean>
  /** As `mayRead`; a family nobody has spoken of yet may be written about by anybody who may write at all. */
  mayWrite(principal: Principal, familyId: string): Promise<boolean>
}

/** Whether the family is in somebody's register, asked of the log. */
const registration = fold<{ readonly isRegistered: boolean }, FamilyEvent>(
  'family',
  { isRegistered: false },
  { FamilyRegistered: () => ({ isRegistered: true }) },
)

const caseRoles: readonly string[] = [...hubRoles, ...wardRoles]
const CATCH_UP_MS = 2_000
const REMEMBERED = 50_000

export const relationIn = ({
  views,
  projector,
  store,
  now,
  view,
}: Pick<System, 'views' | 'projector' | 'store' | 'now' | 'view'>): Relation => {
  // Who once had to do with a family always has had: a yes stays one.
  const acquainted = new Set<string>()
  const isKnownTo = (familyId: string, { organizationId }: Principal): boolean | undefined => {
    const pair = `${organizationId} ${familyId}`
    if (acquainted.has(pair)) return true
    const isKnown = views.reader(families).get(familyId)?.organizations.includes(organizationId)
    if (isKnown) {
      if (acquainted.size === REMEMBERED) acquainted.clear()
      acquainted.add(pair)
    }
    return isKnown
  }
  /** A "no" must not come from a view that is a moment behind the referral just sent. */
  const isKnownAfterAll = async (familyId: string, principal: Principal): Promise<boolean | undefined> => {
    if (!(await projector.reached(await store.head(), CATCH_UP_MS))) throw new ViewNotReady('families')
    return isKnownTo(familyId, principal)
  }
  return {
    async mayRead(principal, familyId) {
      const mayAtAll = principal.role === 'auditor' || caseRoles.includes(principal.role)
      if (!mayAtAll || isInConflict(principal, familyId)) return false
      if (isGlassBroken(views, principal, familyId, now())) return true
      const known = isKnownTo(familyId, principal) || (await isKnownAfterAll(familyId, principal))
      return principal.role === 'auditor' ? known !== undefined : known === true
    },
    async mayWrite(principal, familyId) {
      if (isInConflict(principal, familyId)) return false
      const known = isKnownTo(familyId, principal)
      if (principal.role === 'auditor')
        return known !== undefined || (await isKnownAfterAll(familyId, principal)) !== undefined
      if (known === true) return true
      // A view that knows nothing yet may be behind; the log is not.
      const isRegistered = (await view(registration, familyId)).state.isRegistered
      if (known === undefined && !isRegistered) return true
      return (await isKnownAfterAll(familyId, principal)) === true
    },
  }
}
