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
  /** `refused`: they asked, and were told that there is nothing. */
  readonly outcome: 'shown' | 'refused'
}

/** Who has looked at a family's records, for auditors, for the managers of whose records they are, and for the person. */
export const accessLog = projection<AccessRow, DomainEvent>()({
  name: 'access-log',
  version: 2,
  columns: {
    family: { type: 'text', of: ({ familyId }) => familyId },
    holder: { type: 'text', of: ({ holder }) => holder },
    position: { type: 'integer', of: ({ position }) => Number(position) },
    shown: { type: 'integer', of: ({ outcome }) => (outcome === 'shown' ? 1 : 0) },
  },
  indexes: [['family', 'position']],
  apply({ type, data, position, recordedAt, metadata: { familyId, actor } }, rows) {
    if (familyId === undefined || (type !== 'RecordViewed' && type !== 'ReadingRefused')) return
    const { staffId, role, organizationId } = actor
    const who = { familyId, position: String(position), at: recordedAt, staffId, role, organizationId }
    if (type === 'ReadingRefused') {
      const { route, rule, holder = '' } = data
      rows.put(`${position}/${holder}`, {
        ...who,
        purpose: '',
        route,
        classes: [],
        rules: [rule],
        count: 0,
        holder,
        outcome: 'refused',
      })
      return
    }
    const { holders, ...viewed } = data
    for (const holder of holders)
      rows.put(`${position}/${holder}`, { ...who, ...viewed, holder, outcome: 'shown' })
  },
})
