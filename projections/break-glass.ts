import type { DomainEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'

export type BreakGlassRow = {
  readonly id: string
  readonly familyId: string
  readonly staffId: string
  readonly organizationId: string
  readonly secondPerson: string
  readonly usedAt: string
  readonly until: string
  readonly reviewDueOn: string
  readonly finding?: string
}

/** Who broke the glass for whom, until when, and whether an auditor has asked why (R-ACC-4). */
export const breakGlassUses = projection<BreakGlassRow, DomainEvent>()({
  name: 'break-glass',
  version: 1,
  columns: {
    family: { type: 'text', of: ({ familyId }) => familyId },
    staff: { type: 'text', of: ({ staffId }) => staffId },
    second: { type: 'text', of: ({ secondPerson }) => secondPerson },
    organization: { type: 'text', of: ({ organizationId }) => organizationId },
    reviewDueOn: { type: 'text', of: ({ reviewDueOn }) => reviewDueOn },
    reviewed: { type: 'integer', of: ({ finding }) => (finding === undefined ? 0 : 1) },
    id: { type: 'text', of: ({ id }) => id },
  },
  indexes: [
    ['family', 'staff'],
    ['reviewed', 'reviewDueOn'],
  ],
  apply({ type, stream, data, recordedAt, metadata: { actor } }, rows) {
    const id = idIn(stream)
    if (type === 'BreakGlassUsed')
      rows.put(id, {
        id,
        familyId: data.familyId,
        staffId: actor.staffId,
        organizationId: actor.organizationId,
        secondPerson: data.secondPerson,
        usedAt: recordedAt,
        until: data.until,
        reviewDueOn: data.reviewDueOn,
      })
    if (type === 'BreakGlassReviewed') {
      const row = rows.get(id)
      if (row) rows.put(id, { ...row, finding: data.finding })
    }
  },
})
