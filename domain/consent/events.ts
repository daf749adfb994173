import { z } from 'zod'
import { labelsOf } from '#domain/codes/label.ts'
import { consentMethod } from '#domain/codes/lists.ts'
import { shareableClass } from '#domain/codes/shareable-class.ts'
import { FamilyId, OrganizationId, PersonId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, date, text } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'consentRecord', function: 'userSupport' })

/** Specific: to whom, which data, about whom, until when (R-PRI-1). */
export const scopeShape = {
  recipients: z.array(OrganizationId).min(1).max(20),
  dataClasses: z.array(codeOf(shareableClass)).min(1).max(15),
  people: z.array(PersonId).min(1).max(20),
}

/** What was said when they were asked is no part of what they agreed to be told. */
const BETWEEN_US = { subject: 'family', dataClass: 'consultationSummary' } as const

const scopeInWords = (
  { recipients, dataClasses }: { recipients: readonly string[]; dataClasses: readonly string[] },
  language: 'ja' | 'en',
) => `${recipients.join(', ')}: ${labelsOf(shareableClass, dataClasses, language)}`

export const consentEvents = {
  ConsentGiven: fact(
    z.object({
      ...scopeShape,
      familyId: FamilyId,
      sender: OrganizationId,
      purpose: text(500).optional(),
      method: codeOf(consentMethod),
      givenBy: PersonId.optional(),
      heardBy: text(100, BETWEEN_US).optional(),
      words: text(1_000, BETWEEN_US).optional(),
      from: date(),
      until: date(),
      confirmInWritingBy: date().optional(),
    }),
    {
      title: { ja: '同意', en: 'Consent given' },
      state: 'active',
      summary: (consent, language) =>
        `${scopeInWords(consent, language)}${language === 'ja' ? `(${consent.until}まで)` : ` (until ${consent.until})`}`,
    },
  ),
  ConsentDeclined: fact(
    z.object({
      ...scopeShape,
      familyId: FamilyId,
      purpose: text(500).optional(),
      words: text(1_000, BETWEEN_US).optional(),
    }),
    { title: { ja: '不同意', en: 'Consent declined' }, state: 'declined', summary: scopeInWords },
  ),
  ConsentNarrowed: fact(z.object({ ...scopeShape, until: date() }), {
    title: { ja: '同意の範囲を狭める', en: 'Consent narrowed' },
    summary: scopeInWords,
  }),
  /** Recipients learn that it was withdrawn, not why (R-PRI-5). */
  ConsentWithdrawn: fact(z.object({ reason: text(500, BETWEEN_US).optional() }), {
    title: { ja: '同意の撤回', en: 'Consent withdrawn' },
    state: 'withdrawn',
  }),
  ConsentExpired: fact(z.object({ until: date() }), {
    title: { ja: '同意の期限切れ', en: 'Consent expired' },
    state: 'expired',
  }),
}

export type ConsentEvent = EventOf<typeof consentEvents>
