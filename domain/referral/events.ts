import { z } from 'zod'
import { labelOf, labelsOf } from '#domain/codes/label.ts'
import {
  declineReason,
  destinationKind,
  legalBasis,
  linkLevel,
  referralDirection,
  referralOutcome,
  referralReason,
  resolution,
  urgency,
} from '#domain/codes/lists.ts'
import { shareableClass } from '#domain/codes/shareable-class.ts'
import { ConsentId, ConsultationId, FamilyId, OrganizationId, PersonId, ReferralId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, date, instant, partOf, plainText, text, whereabouts } from '#domain/kernel/schema.ts'

/** What a referral says in words is content; what is left is the envelope (dossier 2.12, 4.6). */
const content = (max: number) => text(max, { subject: 'family', dataClass: 'referralContent' })

const fact = factsOf({
  dataClass: 'referralEnvelope',
  function: 'userSupport',
  terminal: ['closed', 'withdrawn'],
})

/** The clocks of dossier 3.2; a missed one is a fact, never a state. */
export const clocks = ['ack', 'decision', 'firstContact', 'outcome', 'resend'] as const
export type Clock = (typeof clocks)[number]

export const envelopeShape = {
  familyId: FamilyId,
  people: z.array(PersonId).min(1).max(20).optional(),
  consultationId: ConsultationId.optional(),
  direction: codeOf(referralDirection),
  linkLevel: codeOf(linkLevel),
  urgency: codeOf(urgency),
  reasons: z.array(codeOf(referralReason)).max(17),
  toOrganization: OrganizationId.optional(),
  destinationKind: codeOf(destinationKind),
  destinationName: partOf('organisationName')(whereabouts(text(200)).optional()),
  basis: ConsentId.optional(),
  legalBasis: codeOf(legalBasis).optional(),
  basisReason: partOf('assessment')(content(1_000).optional()),
  dataClasses: z.array(codeOf(shareableClass)).max(15).optional(),
  purpose: content(500).optional(),
  summary: partOf('assessment')(content(5_000).optional()),
  supersedes: ReferralId.optional(),
}

/** Due dates are computed at that moment, in the calendar of whoever has to act, and never change afterwards (R-LIF-4). */
const ackDue = { ackDueOn: date().optional(), ackDueAt: instant().optional() }
const implied = { implied: z.array(z.literal('ReferralAcknowledged')).optional() }

type Sent = {
  urgency: string
  toOrganization?: string | undefined
  destinationKind: string
  reasons: readonly string[]
}
const describeSent = (sent: Sent, language: 'ja' | 'en') => {
  const to = labelOf(destinationKind, sent.destinationKind, language)
  const why = labelsOf(referralReason, sent.reasons, language)
  const how = labelOf(urgency, sent.urgency, language)
  return `→ ${to} [${how}]${why && ` ${why}`}`
}

export const referralEvents = {
  ReferralDrafted: fact(z.object(envelopeShape), {
    title: { ja: 'つなぎを作成', en: 'Referral drafted' },
    state: 'draft',
    owner: 'actor',
    summary: describeSent,
  }),
  ReferralConsentRequested: fact(
    z.object({
      recipients: z.array(OrganizationId).min(1),
      dataClasses: z.array(codeOf(shareableClass)).min(1),
      words: content(1_000).optional(),
    }),
    { title: { ja: '同意を依頼', en: 'Consent requested' }, state: 'awaitingConsent' },
  ),
  ReferralSent: fact(
    z.object({ ...envelopeShape, ...ackDue, firstContactDueOn: date().optional(), sentFrom: OrganizationId }),
    {
      title: { ja: 'つなぎを送付', en: 'Referral sent' },
      state: 'sent',
      owner: 'receiver',
      due: ({ ackDueAt, ackDueOn }) => ackDueAt ?? ackDueOn ?? null,
      summary: describeSent,
    },
  ),
  ReferralAcknowledged: fact(z.object({ decisionDueOn: date().optional() }), {
    title: { ja: 'つなぎを受領', en: 'Referral acknowledged' },
    state: 'acknowledged',
    due: ({ decisionDueOn }) => decisionDueOn ?? null,
  }),
  ReferralInfoRequested: fact(
    z.object({ question: content(2_000), decisionDaysLeft: z.int().min(0).optional(), ...implied }),
    {
      title: { ja: '照会', en: 'Information requested' },
      state: 'infoRequested',
      owner: 'sender',
      due: () => null,
    },
  ),
  ReferralInfoSupplied: fact(
    z.object({
      answer: content(5_000),
      dataClasses: z.array(codeOf(shareableClass)).optional(),
      decisionDueOn: date().optional(),
    }),
    {
      title: { ja: '照会に回答', en: 'Information supplied' },
      state: 'acknowledged',
      owner: 'receiver',
      due: ({ decisionDueOn }) => decisionDueOn ?? null,
    },
  ),
  ReferralAccepted: fact(
    z.object({
      assignee: plainText(64),
      plannedContactOn: whereabouts(date()),
      outcomeDueOn: date().optional(),
      ...implied,
    }),
    {
      title: { ja: 'つなぎを受理', en: 'Referral accepted' },
      state: 'accepted',
      owner: 'assignee',
      due: ({ plannedContactOn }) => plannedContactOn,
      summary: ({ plannedContactOn }, language) =>
        language === 'ja'
          ? `初回接触の予定 ${plannedContactOn}`
          : `first contact planned on ${plannedContactOn}`,
    },
  ),
  ReferralDeclined: fact(
    z.object({
      reason: codeOf(declineReason),
      suggestedDestination: codeOf(destinationKind).optional(),
      waitingListOffered: z.boolean().optional(),
      note: partOf('assessment')(content(1_000).optional()),
      resendDueOn: date().optional(),
    }),
    {
      title: { ja: 'つなぎを不受理', en: 'Referral declined' },
      state: 'declined',
      owner: 'sender',
      due: ({ resendDueOn }) => resendDueOn ?? null,
    },
  ),
  ReferralRedirected: fact(
    z.object({
      toDesk: partOf('organisationName')(whereabouts(plainText(80))),
      reason: partOf('assessment')(content(1_000).optional()),
      ...ackDue,
      firstContactDueOn: date().optional(),
    }),
    {
      title: { ja: '課内で回付', en: 'Referral redirected' },
      state: 'sent',
      owner: 'receiver',
      due: ({ ackDueAt, ackDueOn }) => ackDueAt ?? ackDueOn ?? null,
      summary: ({ toDesk }) => `→ ${toDesk}`,
    },
  ),
  ReferralContactMade: fact(
    z.object({
      result: z.enum(['reached', 'notReached', 'refused']),
      note: content(1_000).optional(),
      outcomeDueOn: date().optional(),
    }),
    {
      title: { ja: '本人への接触', en: 'Contact made' },
      // Once they have talked, what is owed next is the outcome.
      due: ({ result, outcomeDueOn }) => (result === 'reached' ? (outcomeDueOn ?? null) : undefined),
      summary: ({ result }, language) =>
        language === 'ja'
          ? { reached: '会えた・話せた', notReached: '連絡がとれず', refused: '断られた' }[result]
          : result,
    },
  ),
  ReferralServiceStarted: fact(
    z.object({ note: content(1_000).optional(), outcomeDueOn: date().optional() }),
    {
      title: { ja: '支援・利用開始', en: 'Service started' },
      state: 'inService',
      due: ({ outcomeDueOn }) => outcomeDueOn ?? null,
    },
  ),
  ReferralOutcomeReported: fact(
    z.object({
      outcome: codeOf(referralOutcome),
      final: z.boolean(),
      note: partOf('assessment')(content(2_000).optional()),
      nextReferral: ReferralId.optional(),
      outcomeDueOn: date().optional(),
    }),
    {
      title: { ja: '結果の回答', en: 'Outcome reported' },
      state: 'outcomeReported',
      owner: 'sender',
      due: ({ outcomeDueOn }) => outcomeDueOn ?? null,
    },
  ),
  ReferralClosed: fact(
    z.object({
      resolution: codeOf(resolution),
      supersededBy: ReferralId.optional(),
      outcomeWithheld: z.boolean().optional(),
      reason: partOf('assessment')(content(1_000).optional()),
    }),
    { title: { ja: 'つなぎを完結', en: 'Referral closed' }, state: 'closed', due: () => null },
  ),
  ReferralWithdrawn: fact(
    z.object({ withdrawnBy: z.enum(['sender', 'caregiver']), reason: content(1_000).optional() }),
    { title: { ja: 'つなぎを取下げ', en: 'Referral withdrawn' }, state: 'withdrawn', due: () => null },
  ),
  ReferralOverdueDetected: fact(
    z.object({ clock: z.enum(clocks), dueOn: date(), dueAt: instant().optional() }),
    {
      title: { ja: '期限の超過', en: 'Overdue' },
      function: () => 'system',
      summary: ({ clock, dueOn }, language) =>
        language === 'ja' ? `${clockJa[clock]}の期限 ${dueOn} を過ぎました` : `${clock} was due on ${dueOn}`,
    },
  ),
  ReferralEscalated: fact(
    z.object({
      to: partOf('organisationName')(whereabouts(plainText(80))),
      reason: partOf('assessment')(content(500)),
      businessDaysLate: z.int().min(0).optional(),
    }),
    {
      title: { ja: '上位者へ連絡', en: 'Escalated' },
      summary: ({ to, businessDaysLate }, language) =>
        language === 'ja'
          ? `→ ${to}${businessDaysLate === undefined ? '' : `(${businessDaysLate}営業日遅れ)`}`
          : `→ ${to}${businessDaysLate === undefined ? '' : ` (${businessDaysLate} business days late)`}`,
    },
  ),
}

const clockJa: Record<Clock, string> = {
  ack: '受領',
  decision: '受理の判断',
  firstContact: '初回接触',
  outcome: '結果回答',
  resend: '出し直し',
}

export type ReferralEvent = EventOf<typeof referralEvents>

/** The only types that leave the house, to subscribers of referral events (dossier 2.12). */
export const publishedTypes = [
  'ReferralSent',
  'ReferralAcknowledged',
  'ReferralAccepted',
  'ReferralDeclined',
  'ReferralRedirected',
  'ReferralOutcomeReported',
  'ReferralClosed',
  'ReferralWithdrawn',
  'ReferralOverdueDetected',
  'ReferralEscalated',
] as const satisfies readonly ReferralEvent['type'][]
export type PublishedType = (typeof publishedTypes)[number]

/** What a referral may be after one of them. */
export const publishedStates = [
  'sent',
  'acknowledged',
  'infoRequested',
  'accepted',
  'declined',
  'inService',
  'outcomeReported',
  'closed',
  'withdrawn',
] as const

export const publishedReferralEvents: ReadonlySet<string> = new Set(publishedTypes)
