import { caseApproval } from '#domain/case-approval/case-approval.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { caseApprovals } from '#projections/case-approvals.ts'
import type { System } from '#src/system.ts'
import type { Principal } from './principal.ts'

const approvalFold = foldOf(caseApproval)

/** Organisations whose records of this family an auditor may read unmasked today (R-ACC-5); nobody else has any. */
export const approvedHolders = async (
  { view, views, now }: Pick<System, 'view' | 'views' | 'now'>,
  { role, staffId }: Principal,
  familyId: string,
): Promise<ReadonlySet<string>> => {
  const holders = new Set<string>()
  if (role !== 'auditor') return holders
  const today = japanDate(now())
  for (const { id } of views.reader(caseApprovals).list({ where: { family: familyId, auditor: staffId } })) {
    const { state } = await view(approvalFold, id)
    if (state.status === 'active' && state.from <= today && today <= state.until)
      holders.add(state.organizationId)
  }
  return holders
}
