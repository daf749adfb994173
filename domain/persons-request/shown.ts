import type { DataClass } from '#domain/kernel/classes.ts'
import type { Catalogue, Recorded, StreamName } from '#domain/kernel/event.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import type { Part } from '#domain/kernel/schema.ts'
import { disclosureRequest } from './disclosure-request.ts'
import { type ExportEntry, exportOf, type Item } from './export.ts'
import { classAt } from './field-class.ts'

const disclosure = foldOf(disclosureRequest)

/**
 * What a disclosure shows: what stood in the log when it was decided, and nothing that anybody wrote since. `facts`: of the
 * family, the request's own among them.
 */
export const shownBy = (
  facts: readonly Recorded[],
  catalogue: Catalogue,
  request: StreamName,
  hidesWhereabouts: boolean,
): readonly ExportEntry[] => {
  const own = facts.filter(({ stream }) => stream === request)
  const until = own.find(({ type }) => type === 'DisclosureDecided')?.position
  const state = own.reduce(
    (before, fact) => disclosure.evolve(before, fact, fact.metadata),
    disclosure.initial,
  )
  if (until === undefined || !('outcome' in state)) return []
  if (state.outcome !== 'granted' && state.outcome !== 'partly') return []
  return exportOf(facts, catalogue, { ...state, holder: state.organizationId, until, hidesWhereabouts })
}

/** The classes of all that is in it, field by field: what somebody has seen who has read it. */
export const classesIn = (
  entries: readonly ExportEntry[],
  facts: readonly Recorded[],
  catalogue: Catalogue,
): readonly DataClass[] => {
  const types = new Map(facts.map(({ id, type }) => [id, type]))
  const classes = entries.flatMap((entry) => {
    const spec = catalogue[types.get(entry.eventId) ?? '']
    if (!spec || !('items' in entry)) return []
    const shown = entry.items.filter((item) => 'value' in item)
    // Its title alone says what kind of record it is.
    return [spec.dataClass, ...shown.map(({ path }) => classAt(spec, path))]
  })
  return [...new Set(classes)]
}

/** The part of a field that was shown; undefined where it, or anything below it, was not. */
export const partShown = (
  entries: readonly ExportEntry[],
  eventId: string,
  field: string,
): Part | undefined => {
  const items = itemsAt(entries, eventId, field)
  return items.every((item) => 'value' in item) ? items[0]?.part : undefined
}

/** Whether anything of a field was shown. */
export const isAnyShown = (entries: readonly ExportEntry[], eventId: string, field: string): boolean =>
  itemsAt(entries, eventId, field).some((item) => 'value' in item)

/** A field of the fact itself and what lies below it; neither what stands around the fact nor what was put beside it. */
const itemsAt = (entries: readonly ExportEntry[], eventId: string, field: string): readonly Item[] => {
  const entry = entries.find((one) => one.eventId === eventId)
  if (!entry || !('items' in entry) || field === '/metadata' || field.startsWith('/metadata/')) return []
  return entry.items.filter(
    ({ path, beside }) => beside === undefined && (path === field || path.startsWith(`${field}/`)),
  )
}
