import { z } from 'zod'
import { labelOf } from '#domain/codes/label.ts'
import { activityDetail, activityType, carePlace, careUrgency, destinationKind } from '#domain/codes/lists.ts'
import { ConsultationId, FamilyId, MatchId, MembershipId, PersonId, ReferralId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, instant, partOf, plainText, text, whereabouts } from '#domain/kernel/schema.ts'

const fact = factsOf({
  dataClass: 'kosapoMatch',
  function: 'kosapo',
  terminal: ['agreed', 'suspended', 'ended', 'notReached', 'cancelled'],
})

export const requestShape = {
  familyId: FamilyId,
  children: z.array(PersonId).min(1).max(10).optional(),
  activityType: codeOf(activityType),
  place: whereabouts(codeOf(carePlace)),
  reason: codeOf(activityDetail).optional(),
  urgency: codeOf(careUrgency),
  cautions: text(1_000, { subject: 'family', dataClass: 'health' }).optional(),
  allergies: text(500, { subject: 'family', dataClass: 'health' }).optional(),
  planGoal: plainText(80).optional(),
  consultationId: ConsultationId.optional(),
  referralId: ReferralId.optional(),
}

export const endReasons = ['finished', 'moved', 'ageLimit', 'membershipEnded', 'incompatibility'] as const

const IMPLIED = z.enum(['CandidateProposed', 'CandidateAccepted'])

export const careRequestEvents = {
  CareRequested: fact(
    z.object({
      ...requestShape,
      wantedFrom: instant().optional(),
      wantedTo: instant().optional(),
      answerDueAt: instant().optional(),
    }),
    {
      title: { ja: '子サポの依頼', en: 'Care requested' },
      state: 'requested',
      owner: 'actor',
      due: ({ answerDueAt, wantedFrom }) => answerDueAt ?? wantedFrom ?? null,
      summary: ({ activityType: type, place, urgency, reason }, language) =>
        [
          labelOf(activityType, type, language),
          labelOf(carePlace, place, language),
          labelOf(careUrgency, urgency, language),
          reason && labelOf(activityDetail, reason, language),
        ]
          .filter(Boolean)
          .join(' / '),
    },
  ),
  CandidateProposed: fact(
    z.object({
      provider: partOf('thirdParty')(MembershipId),
      distance: partOf('thirdParty')(whereabouts(text(80)).optional()),
      conditions: partOf('thirdParty')(text(1_000).optional()),
    }),
    { title: { ja: '提供会員に打診', en: 'Candidate proposed' }, state: 'searching' },
  ),
  CandidateAccepted: fact(z.object({ provider: partOf('thirdParty')(MembershipId) }), {
    title: { ja: '提供会員が内諾', en: 'Candidate accepted' },
    state: 'candidateFound',
  }),
  CandidateDeclined: fact(
    z.object({
      provider: partOf('thirdParty')(MembershipId),
      reason: partOf('thirdParty')(text(500).optional()),
    }),
    {
      title: { ja: '提供会員が辞退', en: 'Candidate declined' },
      state: 'searching',
    },
  ),
  PreMeetingScheduled: fact(
    z.object({
      provider: partOf('thirdParty')(MembershipId),
      at: instant(),
      place: whereabouts(text(80)).optional(),
    }),
    {
      title: { ja: '事前打合せの予定', en: 'Pre-meeting scheduled' },
      due: ({ at }) => at,
    },
  ),
  PreMeetingHeld: fact(
    z.object({
      provider: partOf('thirdParty')(MembershipId),
      place: whereabouts(text(80)).optional(),
      participants: partOf('thirdParty')(z.array(text(80)).max(20).optional()),
      sheet: text(5_000).optional(),
      implied: z.array(IMPLIED).optional(),
    }),
    { title: { ja: '事前打合せ', en: 'Pre-meeting held' }, state: 'preMeetingDone' },
  ),
  PreMeetingNotAgreed: fact(
    z.object({
      declinedBy: z.enum(['user', 'provider']).optional(),
      reason: partOf('thirdParty')(text(500).optional()),
    }),
    {
      title: { ja: '事前打合せで見送り', en: 'Pre-meeting not agreed' },
      state: 'searching',
    },
  ),
  MatchAgreed: fact(
    z.object({ match: MatchId, provider: partOf('thirdParty')(MembershipId), member: MembershipId }),
    {
      title: { ja: '子サポ成立', en: 'Match agreed' },
      state: 'agreed',
      due: () => null,
    },
  ),
  MatchNotReached: fact(
    z.object({ reason: text(500).optional(), offered: z.array(codeOf(destinationKind)).max(27) }),
    { title: { ja: '子サポ不成立', en: 'Match not reached' }, state: 'notReached', due: () => null },
  ),
  MatchSuspended: fact(z.object({ reason: text(500) }), {
    title: { ja: '子サポ休止', en: 'Match suspended' },
    state: 'suspended',
  }),
  MatchResumed: fact(z.object({ note: text(500).optional() }), {
    title: { ja: '子サポ再開', en: 'Match resumed' },
    state: 'agreed',
  }),
  MatchEnded: fact(z.object({ reason: z.enum(endReasons), note: text(500).optional() }), {
    title: { ja: '子サポ終了', en: 'Match ended' },
    state: 'ended',
  }),
  CareRequestCancelled: fact(z.object({ reason: text(500).optional() }), {
    title: { ja: '依頼の取消', en: 'Care request cancelled' },
    state: 'cancelled',
    due: () => null,
  }),
}

export type CareRequestEvent = EventOf<typeof careRequestEvents>
