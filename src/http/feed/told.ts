import type { FeedRow } from '#projections/referral-feed.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { cloudEvent } from '#src/feed/published.ts'
import type { Told } from '#src/feed/read.ts'
import type { Shop } from '../context.ts'

/** R-ACC-3 comes before a sequence without holes, R-ACC-2 before who got a letter; programs have neither conflicts nor holes. */
export const eventsFor = async (shop: Shop, principal: Principal, told: readonly Told[]) => {
  const isPerson = principal.role !== 'integration'
  const events = []
  for (const { row, place } of told) {
    if (isInConflict(principal, row.familyId)) continue
    const isHidden = isPerson && (await shop.hidesWhereabouts(principal, row.familyId))
    const family = shop.familyReference(principal.staffId, row.familyId)
    const event = cloudEvent(isHidden ? ownEndOnly(row, principal) : row, place.sequence, family)
    events.push({ event, place })
  }
  return events
}

const ownEndOnly = (row: FeedRow, { organizationId }: Principal): FeedRow => ({
  ...row,
  from: row.from === organizationId ? row.from : '',
  to: row.to === organizationId ? row.to : undefined,
})
