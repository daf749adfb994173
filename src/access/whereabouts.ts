import { z } from 'zod'
import { protection } from '#domain/family/protection.ts'
import { categoryOf } from '#domain/kernel/event.ts'
import { japanDate, startOfDay } from '#domain/kernel/time.ts'
import { type Entry, specOf } from '#projections/family-timeline/entry.ts'
import { openItems } from '#projections/open-items.ts'
import type { System } from '#src/system.ts'
import { isAssigningInHiding } from './assigned.ts'
import { withoutPlaces } from './fields.ts'
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
export const isWhereabouts = (
  { role, organizationId }: Principal,
  { dataClass, type, actor }: Entry,
): boolean =>
  dataClass === 'visit' ||
  type === 'FamilyMoved' ||
  (role !== 'auditor' && dataClass === 'registration' && actor.organizationId !== organizationId)

/**
 * What is left of any other entry: no place, days instead of hours, no appointment, no way to a visit (its id holds its time), and
 * nobody elsewhere: where a household is looked after is where it went.
 */
export const withoutWhereabouts = (
  { site: _, due: __, ...entry }: Entry,
  { organizationId, role }: Principal,
): Entry => ({
  ...entry,
  ...(role !== 'auditor' &&
    entry.actor.organizationId !== organizationId && {
      actor: { staffId: '', role: entry.actor.role, organizationId: '' },
    }),
  data: withoutPlaces(entry.data, specOf(entry.type)?.schema ?? NOTHING) as Entry['data'],
  precision: entry.precision === 'instant' ? 'day' : entry.precision,
  recordedAt: startOfDay(japanDate(entry.recordedAt)),
  links: entry.links.filter(({ stream }) => categoryOf(stream) !== 'visit'),
})

const NOTHING = z.object({})
