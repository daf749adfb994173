import { type Decision, decide } from '#domain/access/decide.ts'
import type { Kind } from '#domain/access/grid.ts'
import type { OpenItem } from '#projections/open-items.ts'
import type { ReferralRow } from '#projections/referrals.ts'
import { isAssigning } from './assigned.ts'
import type { OfFamily } from './circumstances.ts'
import { isInConflict, type Principal } from './principal.ts'
import { resourceOfItem, resourceOfReferral } from './resource.ts'

/** How much of a record leaves as a record. Statistics and pseudonyms are none. */
export const SHOWN: ReadonlySet<Decision['effect']> = new Set([
  'allow',
  'summary',
  'safetyNotes',
  'masked',
  'existence',
])

/** An open item as somebody may see it. */
export type ShownItem = Pick<OpenItem, 'stream' | 'id' | 'kind' | 'familyId' | 'openedOn'> &
  Partial<Pick<OpenItem, 'state' | 'due' | 'urgency' | 'lastEventOn'>> & {
    readonly owner?: Partial<OpenItem['owner']>
  }

/**
 * What is left of an open item. `existence`: that it is there, since when, and whose it is. Of a household in hiding no
 * appointment, and nobody else's name: where it is looked after is where it went (R-ACC-2).
 */
export const shownItem = (
  item: OpenItem,
  { organizationId }: Principal,
  effect: Decision['effect'],
  isHidden: boolean,
): ShownItem | undefined => {
  if (!SHOWN.has(effect)) return undefined
  const { stream, id, kind, familyId, openedOn, state, due, urgency, lastEventOn } = item
  const isOwn = item.owner.organizationId === organizationId
  const owner = effect === 'existence' ? { organizationId: item.owner.organizationId } : item.owner
  return {
    stream,
    id,
    kind,
    ...(familyId !== undefined && { familyId }),
    openedOn,
    owner: isHidden && !isOwn ? {} : owner,
    ...(effect !== 'existence' && {
      state,
      lastEventOn,
      ...(due !== undefined && !isHidden && { due }),
      ...(urgency !== undefined && { urgency }),
    }),
  }
}

/** What asking for an open item of this work list would answer. */
export const effectOnItem = (principal: Principal, item: OpenItem): Decision['effect'] =>
  effectOn(principal, resourceOfItem(item), item.familyId, isAssigning(item, principal))

/** The same of a referral that was sent. `openedBy`: staff id of whoever began it. */
export const effectOnReferral = (
  principal: Principal,
  row: ReferralRow,
  openedBy: string | undefined,
): Decision['effect'] =>
  effectOn(
    principal,
    resourceOfReferral(row, openedBy),
    row.familyId,
    row.assignee === principal.staffId && row.to === principal.organizationId,
  )

const effectOn = (
  principal: Principal,
  resource: OfFamily,
  familyId: string | undefined,
  assigned: boolean,
): Decision['effect'] => {
  const circumstances = { assigned, conflict: isInConflict(principal, familyId) }
  return decide({ ...principal, kind: principal.role as Kind }, 'read', resource, circumstances).effect
}
