import type { DomainEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'

export type CaseApprovalRow = { readonly id: string; readonly familyId: string; readonly auditor: string }

/** Which approvals were given to an auditor for a family (R-ACC-5). Whether one is in force is asked of its own stream. */
export const caseApprovals = projection<CaseApprovalRow, DomainEvent>()({
  name: 'case-approvals',
  version: 1,
  columns: {
    family: { type: 'text', of: ({ familyId }) => familyId },
    auditor: { type: 'text', of: ({ auditor }) => auditor },
  },
  indexes: [['family', 'auditor']],
  apply({ type, stream, data }, rows) {
    if (type !== 'CaseApprovalGiven') return
    const id = idIn(stream)
    rows.put(id, { id, familyId: data.familyId, auditor: data.auditor })
  },
})
