import { z } from 'zod'
import { FamilyId, OrganizationId, PersonId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, date, idOf, parts, readableIdOf, text } from '#domain/kernel/schema.ts'
import {
  breaches,
  correctionGround,
  disclosableClass,
  identityCheck,
  requesterKinds,
  stops,
  suspensionGround,
  tellings,
  withholdingGround,
} from './codes.ts'

/** What the three kinds of request have in common (dossier 4.7): who asks about whose data, and how that was checked. */
export const askedShape = {
  familyId: FamilyId,
  personId: PersonId.describe('Whose data it is about.'),
  requesterKind: z.enum(requesterKinds),
  representativeId: PersonId.optional(),
  representative: text(200).optional(),
  identityCheck: codeOf(identityCheck),
  identityNote: text(500).optional(),
}

/** Both ends of the term are pinned at receipt (R-LIF-4, R-PRI-17). */
const term = { receivedOn: date(), decideBy: date(), extendableTo: date() }

const Extended = z.object({ until: date(), reason: text(500) })
const Withdrawn = z.object({ reason: text(500).optional() })
const Overdue = z.object({ dueOn: date() })

const dueOn = ({ dueOn: day }: { dueOn: string }, language: 'ja' | 'en') =>
  language === 'ja' ? `決定の期限 ${day} を過ぎました` : `the decision was due on ${day}`

const EventId = z.guid().toLowerCase()
/** JSON pointer into the data of one fact: `/facts`, `/participants/0`. */
const Field = z
  .string()
  .max(200)
  .regex(/^(\/[A-Za-z0-9]+)+$/)
  .meta({ examples: ['/facts'] })
const Stream = z
  .string()
  .regex(/^[A-Za-z]+-[A-Za-z0-9-]{3,64}$/)
  .meta({ examples: ['notice-0190a1b2-0001-7000-8000-000000000001'] })
const StaffId = readableIdOf('staff')

const disclosureFact = factsOf({
  dataClass: 'audit',
  function: 'userSupport',
  terminal: ['provided', 'withdrawn'],
})

/**
 * What is not shown, and why: every field of a part, one entry, or one field of an entry (R-PRI-13). `existence`: not even that
 * the entry is there (81条).
 */
export const withholdShape = {
  part: z.enum(parts).optional(),
  eventId: EventId.optional(),
  field: Field.optional(),
  existence: z.literal(true).optional(),
  ground: codeOf(withholdingGround),
}

export const disclosureOutcomes = ['granted', 'partly', 'refused', 'existenceNotAnswered'] as const
export const handedOver = ['copy', 'viewing', 'decisionLetter'] as const

export const disclosureShape = {
  ...askedShape,
  from: date().optional(),
  to: date().optional(),
  dataClasses: z
    .array(codeOf(disclosableClass))
    .min(1)
    .max(20)
    .optional()
    .describe('Everything, unless said.'),
}

export const disclosureEvents = {
  DisclosureRequestReceived: disclosureFact(z.object({ ...disclosureShape, ...term }), {
    title: { ja: '開示請求を受付', en: 'Disclosure request received' },
    state: 'received',
    owner: 'actor',
    due: ({ decideBy }) => decideBy,
  }),
  DisclosureTermExtended: disclosureFact(Extended, {
    title: { ja: '開示の決定期限を延長', en: 'Term of disclosure extended' },
    due: ({ until }) => until,
  }),
  DisclosureDecided: disclosureFact(
    z.object({
      outcome: z.enum(disclosureOutcomes),
      ground: codeOf(withholdingGround).optional(),
      reason: text(2_000).optional(),
      withhold: z.array(z.object(withholdShape)).max(500).optional(),
    }),
    {
      title: { ja: '開示の決定', en: 'Disclosure decided' },
      state: 'decided',
      owner: 'actor',
      due: () => null,
    },
  ),
  DisclosureProvided: disclosureFact(
    z.object({ handedOver: z.enum(handedOver), note: text(500).optional() }),
    { title: { ja: '開示の実施', en: 'Disclosure provided' }, state: 'provided', due: () => null },
  ),
  DisclosureRequestWithdrawn: disclosureFact(Withdrawn, {
    title: { ja: '開示請求の取下げ', en: 'Disclosure request withdrawn' },
    state: 'withdrawn',
    due: () => null,
  }),
  DisclosureOverdueDetected: disclosureFact(Overdue, {
    title: { ja: '開示の決定期限の超過', en: 'Disclosure overdue' },
    function: () => 'system',
    summary: dueOn,
  }),
}

export const DisclosureRequestId = idOf('disclosureRequest')

const correctionFact = factsOf({
  dataClass: 'audit',
  function: 'userSupport',
  terminal: ['closed', 'withdrawn'],
})

export const correctionOutcomes = ['granted', 'partly', 'refused'] as const

/** The entry as the log has it: looked up by whoever carries the command, never believed from outside. */
export const EntryInLog = z.object({
  stream: Stream,
  type: z
    .string()
    .regex(/^[A-Za-z]+$/)
    .meta({ examples: ['NoticeRecorded'] }),
  part: z.enum(parts),
})

export const toldShape = {
  personId: PersonId.optional(),
  organizationId: OrganizationId.optional(),
  staffId: StaffId.optional(),
}

export const gotItBecause = [
  'disclosed',
  'referral',
  'consent',
  'subscription',
  'opened',
  'disclosureToPerson',
] as const

/** Somebody who got the wrong value, and on which ways (R-PRI-14). */
export const GotIt = z.object({ ...toldShape, because: z.array(z.enum(gotItBecause)).min(1) })

export const correctionShape = {
  ...askedShape,
  disclosureId: DisclosureRequestId,
  eventId: EventId,
  field: Field,
  value: text(5_000).describe('What is held to be right.'),
  why: text(2_000),
}

export const correctionEvents = {
  CorrectionRequested: correctionFact(z.object({ ...correctionShape, entry: EntryInLog, ...term }), {
    title: { ja: '訂正請求', en: 'Correction requested' },
    state: 'requested',
    owner: 'actor',
    due: ({ decideBy }) => decideBy,
  }),
  CorrectionTermExtended: correctionFact(Extended, {
    title: { ja: '訂正の決定期限を延長', en: 'Term of correction extended' },
    due: ({ until }) => until,
  }),
  CorrectionDecided: correctionFact(
    z.object({
      outcome: z.enum(correctionOutcomes),
      eventId: EventId,
      field: Field,
      personId: PersonId,
      ground: codeOf(correctionGround).optional(),
      reason: text(2_000).optional(),
      statement: text(2_000).optional(),
      recipients: z.array(GotIt).max(2_000),
    }),
    {
      title: { ja: '訂正の決定', en: 'Correction decided' },
      state: 'decided',
      owner: 'actor',
      due: () => null,
    },
  ),
  /** The right value of one field of an earlier fact, which stays as it was (R-GEN-1). */
  EventCorrected: correctionFact(
    z.object({ eventId: EventId, stream: Stream, field: Field, value: text(5_000) }),
    { title: { ja: '記録の訂正', en: 'Event corrected' } },
  ),
  CorrectionNotified: correctionFact(
    z.object({ ...toldShape, how: z.enum(tellings), on: date(), note: text(500).optional() }),
    { title: { ja: '訂正の通知', en: 'Correction notified' } },
  ),
  CorrectionRequestClosed: correctionFact(z.object({ told: z.int().min(0), notTold: z.int().min(0) }), {
    title: { ja: '訂正請求の完了', en: 'Correction request closed' },
    state: 'closed',
    due: () => null,
  }),
  CorrectionRequestWithdrawn: correctionFact(Withdrawn, {
    title: { ja: '訂正請求の取下げ', en: 'Correction request withdrawn' },
    state: 'withdrawn',
    due: () => null,
  }),
  CorrectionOverdueDetected: correctionFact(Overdue, {
    title: { ja: '訂正の決定期限の超過', en: 'Correction overdue' },
    function: () => 'system',
    summary: dueOn,
  }),
}

const suspensionFact = factsOf({
  dataClass: 'audit',
  function: 'userSupport',
  terminal: ['decided', 'withdrawn'],
})

export const suspensionShape = {
  ...askedShape,
  disclosureId: DisclosureRequestId,
  breach: z.enum(breaches).describe('98条: in which way the law was broken.'),
  stop: z.enum(stops),
  use: text(1_000).describe('Which use, or which provision, is to stop.'),
}

export const suspensionEvents = {
  SuspensionRequested: suspensionFact(z.object({ ...suspensionShape, ...term }), {
    title: { ja: '利用停止請求', en: 'Suspension requested' },
    state: 'requested',
    owner: 'actor',
    due: ({ decideBy }) => decideBy,
  }),
  SuspensionTermExtended: suspensionFact(Extended, {
    title: { ja: '利用停止の決定期限を延長', en: 'Term of suspension extended' },
    due: ({ until }) => until,
  }),
  SuspensionDecided: suspensionFact(
    z.object({
      outcome: z.enum(correctionOutcomes),
      ground: codeOf(suspensionGround).optional(),
      reason: text(2_000).optional(),
      measures: text(2_000).optional().describe('What was stopped, erased or no longer provided.'),
    }),
    { title: { ja: '利用停止の決定', en: 'Suspension decided' }, state: 'decided', due: () => null },
  ),
  SuspensionRequestWithdrawn: suspensionFact(Withdrawn, {
    title: { ja: '利用停止請求の取下げ', en: 'Suspension request withdrawn' },
    state: 'withdrawn',
    due: () => null,
  }),
  SuspensionOverdueDetected: suspensionFact(Overdue, {
    title: { ja: '利用停止の決定期限の超過', en: 'Suspension overdue' },
    function: () => 'system',
    summary: dueOn,
  }),
}

export type DisclosureEvent = EventOf<typeof disclosureEvents>
export type CorrectionEvent = EventOf<typeof correctionEvents>
export type SuspensionEvent = EventOf<typeof suspensionEvents>
