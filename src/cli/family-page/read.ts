import { idIn, type StreamName } from '#domain/kernel/event.ts'
import type { Keyring } from '#domain/kernel/keyring.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { directory } from '#projections/directory.ts'
import { type FamilyRow, families } from '#projections/families.ts'
import { type Entry, NOW } from '#projections/family-timeline/entry.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { type OpenItem, openItems } from '#projections/open-items.ts'
import { openEntry, openFamily, openName } from '#src/access/open.ts'

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

export const readFamilyPage = (
  views: ReadStore,
  keyring: Keyring,
  familyId: string,
): FamilyPage | undefined => {
  const kept = views.reader(families).get(familyId)
  if (!kept) return undefined
  const family = openFamily(keyring)(kept)
  const rows = views.reader(familyTimeline).list({
    where: { family: familyId, knownUntil: NOW, historical: 0 },
    orderBy: [
      ['sort', 'asc'],
      ['knownFrom', 'asc'],
    ],
  })
  const entries = rows.map(openEntry(keyring))
  const open = views.reader(openItems).list({ where: { family: familyId }, orderBy: [['openedOn', 'asc']] })
  const names = views.reader(directory)
  const beginnings = new Map(
    entries.filter(({ version, implied }) => version === 1 && !implied).map((entry) => [entry.stream, entry]),
  )
  return {
    family,
    entries,
    open,
    nameOf(kind, id) {
      const row = names.get(`${kind}-${id}`)
      return (row && openName(keyring, row)) || undefined
    },
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
