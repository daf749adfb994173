import type { Projection } from '#domain/kernel/projection.ts'
import { accessLog } from './access-log.ts'
import { breakGlassUses } from './break-glass.ts'
import { caseApprovals } from './case-approvals.ts'
import { consents } from './consents.ts'
import { deliveries } from './deliveries.ts'
import { directory } from './directory.ts'
import { families } from './families.ts'
import { familySearch } from './family-search.ts'
import { familyTimeline } from './family-timeline/family-timeline.ts'
import { feedConsumers } from './feed-consumers.ts'
import { openItems } from './open-items.ts'
import { referralFeed } from './referral-feed.ts'
import { referrals } from './referrals.ts'
import { retentionDates } from './retention.ts'
import { subscriptions } from './subscriptions.ts'

/** Every view the system keeps. A projection joins by adding its line here. */
export const projections: readonly Projection[] = [
  familyTimeline,
  families,
  familySearch,
  openItems,
  referrals,
  referralFeed,
  consents,
  breakGlassUses,
  caseApprovals,
  accessLog,
  retentionDates,
  subscriptions,
  deliveries,
  feedConsumers,
  directory,
]
