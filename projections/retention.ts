import { keepUntil } from '#domain/codes/retention-schedule.ts'
import { catalogue, type DomainEvent } from '#domain/events.ts'
import type { DataClass } from '#domain/kernel/classes.ts'
import type { EventSpec } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'

export type RetentionRow = {
  readonly familyId: string
  /** The last day of keeping, over everything recorded so far. */
  readonly keepUntil: string
  /** The class of record that decides it. */
  readonly decidedByClass: DataClass
  /** A ward's own rule keeps something of it, which is not known here. */
  readonly byWardsRule: boolean
  /** Organisations that recorded something. */
  readonly holders: readonly string[]
  readonly proposed: boolean
  readonly erased?: { readonly eventId: string; readonly position: string }
}

/** How long each family's data is to be kept (dossier 4.8). */
export const retentionDates = projection<RetentionRow, DomainEvent>()({
  name: 'retention',
  version: 1,
  columns: {
    familyId: { type: 'text', of: ({ familyId }) => familyId },
    keepUntil: { type: 'text', of: ({ keepUntil }) => keepUntil },
    state: {
      type: 'text',
      of: ({ erased, proposed, byWardsRule }) =>
        erased ? 'erased' : proposed ? 'proposed' : byWardsRule ? 'wardsRule' : 'kept',
    },
  },
  indexes: [['state', 'keepUntil']],
  apply({ id, type, position, metadata: { familyId, occurredOn, actor } }, rows) {
    if (familyId === undefined) return
    const before = rows.get(familyId) ?? {
      familyId,
      keepUntil: '',
      decidedByClass: 'registration',
      byWardsRule: false,
      holders: [],
      proposed: false,
    }
    switch (type) {
      case 'ErasureProposed':
        return rows.put(familyId, { ...before, proposed: true })
      case 'ErasurePostponed':
        return rows.put(familyId, { ...before, proposed: false })
      case 'PersonalDataErased':
        return rows.put(familyId, { ...before, erased: { eventId: id, position: String(position) } })
      default:
    }
    const spec: EventSpec = catalogue[type]
    const until = keepUntil(spec.dataClass, occurredOn)
    if (until === undefined) return
    const organization = actor.organizationId
    const isNew = actor.role !== 'system' && !before.holders.includes(organization)
    const isLonger = until !== 'wardsRule' && until > before.keepUntil
    const byWardsRule = before.byWardsRule || until === 'wardsRule'
    if (!isNew && !isLonger && byWardsRule === before.byWardsRule) return
    rows.put(familyId, {
      ...before,
      byWardsRule,
      ...(isLonger && { keepUntil: until, decidedByClass: spec.dataClass }),
      ...(isNew && { holders: [...before.holders, organization] }),
    })
  },
})
