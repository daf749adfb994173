import { z } from 'zod'
import { AbuseCheck } from '#domain/codes/abuse-check.ts'
import { labelOf, labelsOf } from '#domain/codes/label.ts'
import {
  channel,
  consultationService,
  consultationTopic,
  consultationTrigger,
  destinationKind,
  responseKind,
} from '#domain/codes/lists.ts'
import {
  FamilyId,
  NoticeId,
  OrganizationId,
  PersonId,
  ReferralId,
  VisitId,
  WatchOverId,
} from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, partOf, plainText, text } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'consultationSummary', function: 'consultation', terminal: ['closed'] })

export const openedShape = {
  familyId: FamilyId.optional(),
  people: z.array(PersonId).max(20).optional(),
  trigger: codeOf(consultationTrigger),
  service: codeOf(consultationService),
  channel: codeOf(channel).optional(),
  topics: z.array(codeOf(consultationTopic)).max(28),
  visitId: VisitId.optional(),
  noticeRefs: z.array(NoticeId).max(50).optional(),
  watchOver: WatchOverId.optional(),
  referralId: ReferralId.optional(),
  owner: plainText(64).optional(),
}

export const sessionShape = {
  channel: codeOf(channel).optional(),
  minutes: z.int().min(0).max(1_440).optional(),
  topics: z.array(codeOf(consultationTopic)).max(28),
  participants: partOf('thirdParty')(z.array(text(100)).max(50).optional()),
  facts: text(10_000).optional(),
  impression: partOf('impression')(text(5_000).optional()),
  responses: z.array(codeOf(responseKind)).max(12),
  abuseCheck: AbuseCheck.optional(),
}

export const optionShape = {
  option: text(40),
  destinationKind: codeOf(destinationKind).optional(),
  service: codeOf(consultationService).optional(),
  nothingNow: z.boolean().optional(),
  note: text(500).optional(),
}

export const choices = ['chosen', 'notNow', 'declined'] as const
const choiceJa = { chosen: '選んだ', notNow: '今はしない', declined: '希望しない' } as const

export const consultationEvents = {
  ConsultationOpened: fact(z.object(openedShape), {
    title: { ja: '相談を開始', en: 'Consultation opened' },
    state: 'open',
    owner: 'actor',
    function: ({ service }) => (service === 'userSupport' ? 'userSupport' : 'consultation'),
    summary: ({ trigger, service, topics }, language) =>
      [
        labelOf(consultationTrigger, trigger, language),
        labelOf(consultationService, service, language),
        labelsOf(consultationTopic, topics, language),
      ]
        .filter(Boolean)
        .join(language === 'ja' ? ' / ' : ' / '),
  }),
  ConsultationSessionRecorded: fact(z.object(sessionShape), {
    title: { ja: '相談', en: 'Consultation session' },
    dataClass: 'consultationRecord',
  }),
  ConsultationProposalMade: fact(z.object({ options: z.array(z.object(optionShape)).min(1).max(20) }), {
    title: { ja: '選択肢を提案', en: 'Proposal made' },
    state: 'awaitingCaregiver',
    summary: ({ options }, language) =>
      options
        .map(({ option, destinationKind: to }) => (to ? labelOf(destinationKind, to, language) : option))
        .join(language === 'ja' ? '・' : ', '),
  }),
  CaregiverChoiceRecorded: fact(
    z.object({
      choices: z.array(z.object({ option: text(40), choice: z.enum(choices) })).min(1),
      words: text(1_000).optional(),
    }),
    {
      title: { ja: '本人の選択', en: 'Caregiver’s choice' },
      state: 'open',
      summary: ({ choices: made }, language) =>
        made
          .map(({ option, choice }) => `${option}: ${language === 'ja' ? choiceJa[choice] : choice}`)
          .join(' / '),
    },
  ),
  ConsultationClosed: fact(z.object({ closeReason: partOf('assessment')(text(500)) }), {
    title: { ja: '相談を終結', en: 'Consultation closed' },
    state: 'closed',
    due: () => null,
  }),
  ConsultationReopened: fact(z.object({ reason: text(500).optional() }), {
    title: { ja: '相談を再開', en: 'Consultation reopened' },
    state: 'open',
    owner: 'actor',
  }),
  /** Bookkeeping of the process `consultation-linking`: a referral of this consultation is open (state `linking`). */
  ConsultationLinked: fact(
    z.object({
      referralId: ReferralId,
      toOrganization: OrganizationId.optional(),
      destinationKind: codeOf(destinationKind),
    }),
    { title: { ja: 'つなぎ中', en: 'Linking' }, state: 'linking', bookkeeping: true },
  ),
  ConsultationUnlinked: fact(z.object({ referralId: ReferralId, stillLinking: z.boolean() }), {
    title: { ja: 'つなぎの終わり', en: 'Link ended' },
    bookkeeping: true,
  }),
}

export type ConsultationEvent = EventOf<typeof consultationEvents>
