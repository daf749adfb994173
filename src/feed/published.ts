import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { linkLevel, referralDirection, referralOutcome, urgency } from '#domain/codes/lists.ts'
import { OrganizationId, ReferralId } from '#domain/ids.ts'
import { codeOf, date, instant } from '#domain/kernel/schema.ts'
import { publishedStates, publishedTypes } from '#domain/referral/events.ts'
import type { FeedRow } from '#projections/referral-feed.ts'

const SOURCE = 'urn:tsunagi'
const JSON_TYPE = 'application/json'

/** Dates are days in Japan, to which a calendar of business days has been applied already; times are instants in UTC. */
const Due = z
  .strictObject({
    ackDueOn: date(),
    ackDueAt: instant(),
    decisionDueOn: date(),
    firstContactDueOn: date(),
    outcomeDueOn: date(),
    resendDueOn: date(),
    dueOn: date(),
    dueAt: instant(),
  })
  .partial()
  .describe('What the event fixed, or, when something is overdue, what was missed (`dueOn`, `dueAt`).')

/** All that others are told of a referral event; whoever needs more fetches it in their own name (dossier 2.12). */
const Published = z.strictObject({
  eventId: z.guid(),
  type: z.enum(publishedTypes),
  occurredAt: instant().describe('When it happened.'),
  recordedAt: instant().describe('When it was written down.'),
  referralId: ReferralId,
  familyRef: z.string().describe('The family, by a name that only this subscriber has for it.'),
  direction: codeOf(referralDirection),
  linkLevel: codeOf(linkLevel),
  urgency: codeOf(urgency),
  fromOrganization: OrganizationId.nullable(),
  toOrganization: OrganizationId.nullable().describe('Null: to nobody who works with tsunagi.'),
  status: z.enum(publishedStates).describe('Of the referral, after the event.'),
  due: Due.optional(),
  outcome: codeOf(referralOutcome)
    .optional()
    .describe('Absent unless an outcome was reported, and when the caregiver wants none told.'),
})

/** How a type is called in an envelope, with the version of its shape. */
export const typeOf = (type: string): string => `jp.tsunagi.referral.${type}.v1`

export const DATA_SCHEMA = 'urn:tsunagi:schema:referral-event:v1'
const TYPE = /^jp\.tsunagi\.referral\.([A-Za-z]+)\.v1$/

/** A referral event as it is sent: CloudEvents 1.0 in its JSON format. */
export const ReferralCloudEvent = z.strictObject({
  specversion: z.literal('1.0'),
  id: z
    .guid()
    .describe(
      'Of the event: the same whenever and however it is sent. What has been taken once is known by it.',
    ),
  source: z.literal(SOURCE),
  type: z.string().regex(TYPE),
  subject: ReferralId,
  time: instant().describe('When it happened.'),
  recordedtime: instant().describe('When it was written down.'),
  sequence: z
    .string()
    .regex(/^[1-9]\d*$/)
    .describe('1, 2, 3 … through the filter; a hole is a mistake of ours.'),
  partitionkey: z.string().describe('The family, as `familyRef`: within one, events come in order.'),
  traceparent: z
    .string()
    .regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    .describe('W3C Trace Context: what followed from the same request has the same trace.'),
  datacontenttype: z.literal(JSON_TYPE),
  dataschema: z.literal(DATA_SCHEMA),
  dataref: z.string().describe('Where the referral itself is, for those who may read it.'),
  data: Published,
})
export type ReferralCloudEvent = z.input<typeof ReferralCloudEvent>

/** A row of the feed as one subscriber is told it. `family`: their name for it. */
export const cloudEvent = (row: FeedRow, sequence: number, family: string) => ({
  specversion: '1.0',
  id: row.eventId,
  source: SOURCE,
  type: typeOf(row.type),
  subject: row.referralId,
  time: row.occurredAt,
  recordedtime: row.recordedAt,
  sequence: String(sequence),
  partitionkey: family,
  traceparent: `00-${hashOf(row.correlationId, 32)}-${hashOf(row.eventId, 16)}-00`,
  datacontenttype: JSON_TYPE,
  dataschema: DATA_SCHEMA,
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

/** Of any text: a caller's own key may be anything, and is nobody else's business. */
const hashOf = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits)

export const TestCloudEvent = z.strictObject({
  specversion: z.literal('1.0'),
  id: z.guid(),
  source: z.literal(SOURCE),
  type: z.literal('jp.tsunagi.test.v1'),
  time: instant(),
  datacontenttype: z.literal(JSON_TYPE),
  data: z.strictObject({}),
})

/** For finding out whether an endpoint is there and verifies: it tells of nobody. */
export const testEvent = (now: string): z.input<typeof TestCloudEvent> => ({
  specversion: '1.0',
  id: randomUUID(),
  source: SOURCE,
  type: 'jp.tsunagi.test.v1',
  time: now,
  datacontenttype: JSON_TYPE,
  data: {},
})
