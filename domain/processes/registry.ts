import type { Process } from '#domain/kernel/process.ts'
import { childrenMetAtVisits } from './children-met-at-visits.ts'
import { consultationLinking } from './consultation-linking.ts'
import { kosapoMembers } from './kosapo-members.ts'
import { resentReferrals } from './resent-referrals.ts'

/** In this order for each fact: the consultation is linked to the new referral before the declined one is closed. */
export const processes: readonly Process[] = [
  consultationLinking,
  resentReferrals,
  childrenMetAtVisits,
  kosapoMembers,
]
