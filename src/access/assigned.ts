import type { Role } from '#domain/kernel/metadata.ts'
import type { OpenItem } from '#projections/open-items.ts'
import type { Principal } from './principal.ts'

/** Whose own work it is to take this up; anybody else has it because somebody gave it to them. */
const WORK: Readonly<Record<string, readonly Role[]>> = {
  consultation: ['hubPartner', 'wardMchCoordinator', 'wardDistrictNurse', 'wardChildFamily'],
  referral: ['hubPartner', 'wardMchCoordinator', 'wardDistrictNurse', 'wardChildFamily'],
  careRequest: ['kosapoCoordinator'],
}
const NOT_YET: ReadonlySet<string> = new Set(['draft', 'awaitingConsent'])

/**
 * Whether this open item makes somebody one of the assigned (dossier 4.6 `a`, R-ACC-2): it is supporting this family, it is in
 * their hands, and they work where it lies. A notice, a draft, a request or a broken glass assigns nobody.
 */
export const isAssigning = (
  { kind, state, owner }: OpenItem,
  { staffId, organizationId }: Principal,
): boolean =>
  Object.hasOwn(WORK, kind) &&
  !NOT_YET.has(state) &&
  owner.staffId === staffId &&
  owner.organizationId === organizationId

/**
 * The same of a household that has been in hiding since then: nobody assigns themselves to it. It is their work, or it was given to
 * them by somebody else, or was theirs before.
 */
export const isAssigningInHiding = (item: OpenItem, principal: Principal, since: string): boolean =>
  isAssigning(item, principal) &&
  (WORK[item.kind]?.includes(principal.role) === true ||
    item.given.by !== principal.staffId ||
    item.given.at < since)
