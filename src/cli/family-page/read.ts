import { idIn, type StreamName } from '#domain/kernel/event.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { directory } from '#projections/directory.ts'
import { type FamilyRow, families } from '#projections/families.ts'
import { type Entry, NOW } from '#projections/family-timeline/entry.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { type OpenItem, openItems } from '#projections/open-items.ts'

/** All that one page about a family shows, names looked up. */
export type FamilyPage = {
  readonly family: FamilyRow
  /** As they happened, oldest first. */
  readonly entries: readonly Entry[]
  readonly open: readonly OpenItem[]
  /** The name behind a staff, site or organisation id; undefined for one that has none. */
  nameOf(kind: 'staff' | 'site' | 'organization', id: string): string | undefined
  /** The entry by which something began. */
  beginningOf(stream: StreamName): Entry | undefined
}

export const readFamilyPage = (views: ReadStore, familyId: string): FamilyPage | undefined => {
  const family = views.reader(families).get(familyId)
  if (!family) return undefined
  const entries = views.reader(familyTimeline).list({
    where: { family: familyId, knownUntil: NOW, historical: 0 },
    orderBy: [
      ['sort', 'asc'],
      ['knownFrom', 'asc'],
    ],
  })
  const open = views.reader(openItems).list({ where: { family: familyId }, orderBy: [['openedOn', 'asc']] })
  const names = views.reader(directory)
  const beginnings = new Map(
    entries.filter(({ version, implied }) => version === 1 && !implied).map((entry) => [entry.stream, entry]),
  )
  return {
    family,
    entries,
    open,
    nameOf: (kind, id) => names.get(`${kind}-${id}`)?.name || undefined,
    beginningOf: (stream) => beginnings.get(stream),
  }
}

/** Clocks of referrals that were missed, as `id/clock@day`. */
export const missedClocks = (entries: readonly Entry[]): ReadonlySet<string> =>
  new Set(
    entries.flatMap(({ type, stream, data }) =>
      type === 'ReferralOverdueDetected' ? [`${idIn(stream)}/${data.clock}@${data.dueOn}`] : [],
    ),
  )
