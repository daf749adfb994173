import { randomUUID } from 'node:crypto'
import type { FeedRow } from '#projections/referral-feed.ts'

/** CloudEvents 1.0 around exactly what dossier 2.12 allows. */
export const cloudEvent = (row: FeedRow, sequence: number, family: string) => ({
  specversion: '1.0',
  id: row.eventId,
  source: 'urn:tsunagi',
  type: `jp.tsunagi.referral.${row.type}.v1`,
  subject: row.referralId,
  time: row.occurredAt,
  recordedtime: row.recordedAt,
  sequence: String(sequence),
  partitionkey: family,
  datacontenttype: 'application/json',
  dataref: `/v1/referrals/${row.referralId}`,
  data: {
    eventId: row.eventId,
    type: row.type,
    occurredAt: row.occurredAt,
    recordedAt: row.recordedAt,
    referralId: row.referralId,
    familyRef: family,
    direction: row.direction,
    linkLevel: row.linkLevel,
    urgency: row.urgency,
    fromOrganization: row.from || null,
    toOrganization: row.to ?? null,
    status: row.status,
    ...(row.due && { due: row.due }),
    ...(row.outcome !== undefined && { outcome: row.outcome }),
  },
})

/** For finding out whether an endpoint is there and verifies: it tells of nobody. */
export const testEvent = (now: string) => ({
  specversion: '1.0',
  id: randomUUID(),
  source: 'urn:tsunagi',
  type: 'jp.tsunagi.test.v1',
  time: now,
  datacontenttype: 'application/json',
  data: {},
})
