import { protection } from '#domain/family/protection.ts'
import { categoryOf } from '#domain/kernel/event.ts'
import type { Entry } from '#projections/family-timeline/entry.ts'
import { openItems } from '#projections/open-items.ts'
import type { System } from '#src/system.ts'
import { isAssigningInHiding } from './assigned.ts'
import type { Principal } from './principal.ts'

/**
 * Whether a household's whereabouts are kept from the one who asks: it is under DV protection, and they are not assigned to it
 * (R-ACC-2). Read from the log, so that a protection acts with the next answer; past events are covered, too.
 */
export type HidesWhereabouts = (principal: Principal, familyId: string) => Promise<boolean>

export const whereaboutsIn =
  ({ view, views }: Pick<System, 'view' | 'views'>): HidesWhereabouts =>
  async (principal, familyId) => {
    const hiding = (await view(protection, familyId)).state
    if (!hiding.isProtected) return false
    const items = views.reader(openItems).list({ where: { family: familyId } })
    return !items.some((item) => isAssigningInHiding(item, principal, hiding.since))
  }

/** Entries that say by themselves where a family is, or when it comes and goes; who else registers it is where it went. */
export const tellsWhereabouts = (
  { role, organizationId }: Principal,
  { dataClass, type, actor }: Entry,
): boolean =>
  dataClass === 'visit' ||
  type === 'FamilyMoved' ||
  (role !== 'auditor' && dataClass === 'registration' && actor.organizationId !== organizationId)

/** What is left of any other entry: no site, the day instead of the hour, no way to a visit (its id holds its time). */
export const withoutWhereabouts = ({ site: _, ...entry }: Entry): Entry => ({
  ...entry,
  precision: entry.precision === 'instant' ? 'day' : entry.precision,
  links: entry.links.filter(({ stream }) => categoryOf(stream) !== 'visit'),
})

const PLACES = new Set(['site', 'registeredAtSite', 'residenceWard'])

/** The same of a fact's own data, for whoever reads the log. */
export const withoutPlaces = (type: string, data: Readonly<Record<string, unknown>>) =>
  type === 'FamilyMoved'
    ? {}
    : Object.fromEntries(Object.entries(data).filter(([field]) => !PLACES.has(field)))
