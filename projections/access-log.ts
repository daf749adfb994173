import type { DomainEvent } from '#domain/events.ts'
import { projection } from '#domain/kernel/projection.ts'

export type AccessRow = {
  readonly familyId: string
  readonly position: string
  readonly at: string
  readonly staffId: string
  readonly role: string
  readonly organizationId: string
  readonly purpose: string
  readonly route: string
  readonly classes: readonly string[]
  readonly rules: readonly string[]
  readonly count: number
  /** Whose records they were; one row for each. */
  readonly holder: string
}

/** Who has looked at a family's records, for auditors, for the managers of whose records they are, and for the person. */
export const accessLog = projection<AccessRow, DomainEvent>()({
  name: 'access-log',
  version: 1,
  columns: {
    family: { type: 'text', of: ({ familyId }) => familyId },
    holder: { type: 'text', of: ({ holder }) => holder },
    position: { type: 'integer', of: ({ position }) => Number(position) },
  },
  indexes: [['family', 'position']],
  apply({ type, data, position, recordedAt, metadata: { familyId, actor } }, rows) {
    if (type !== 'RecordViewed' || familyId === undefined) return
    for (const holder of data.holders)
      rows.put(`${position}/${holder}`, {
        familyId,
        position: String(position),
        at: recordedAt,
        staffId: actor.staffId,
        role: actor.role,
        organizationId: actor.organizationId,
        purpose: data.purpose,
        route: data.route,
        classes: data.classes,
        rules: data.rules,
        count: data.count,
        holder,
      })
  },
})
