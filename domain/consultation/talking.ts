import { z } from 'zod'
import { commandsOn, look } from '#domain/kernel/lifecycle.ts'
import { baseCode, text } from '#domain/kernel/schema.ts'
import { caseworkers } from '#domain/roles.ts'
import { type ConsultationEvent, openedShape, sessionShape } from './events.ts'
import { isOurs, noticesFit } from './guards.ts'
import { noticeView } from './notice-view.ts'
import type { Consultation } from './state.ts'

const command = commandsOn<Consultation, ConsultationEvent>()

const Opening = z.strictObject({ ...openedShape, topics: openedShape.topics.default([]) })
const Session = z.strictObject({
  ...sessionShape,
  topics: sessionShape.topics.default([]),
  responses: sessionShape.responses.default([]),
})
const abuseCheckRequired = {
  path: ['abuseCheck'],
  message: 'must be answered for these topics',
  params: { code: 'abuse_check_required' },
}

export const OpenConsultation = command({
  summary: 'A conversation has become a consultation. The topic may come later, the trigger never.',
  from: ['none'],
  by: caseworkers,
  schema: Opening,
  emits: ['ConsultationOpened'],
  looksAt: ({ noticeRefs = [] }) => ({ notices: noticeRefs.map((id) => look(noticeView, id)) }),
  decide: (_, data, context) =>
    noticesFit(context.seen.notices, data.familyId, context) ?? [{ type: 'ConsultationOpened', data }],
})

export const RecordChat = command({
  summary: 'A chat on the floor, dealt with on the spot: opened, held and closed in one go (R-CON-1).',
  from: ['none'],
  by: caseworkers,
  schema: Opening.extend({
    minutes: sessionShape.minutes,
    participants: sessionShape.participants,
    facts: sessionShape.facts,
    impression: sessionShape.impression,
    responses: sessionShape.responses.default([]),
    abuseCheck: sessionShape.abuseCheck,
    closeReason: text(500).default('その場で対応'),
  }).refine(abuseCheckAnswered, abuseCheckRequired),
  emits: ['ConsultationOpened', 'ConsultationSessionRecorded', 'ConsultationClosed'],
  looksAt: ({ noticeRefs = [] }) => ({ notices: noticeRefs.map((id) => look(noticeView, id)) }),
  decide(
    _,
    { minutes, participants, facts, impression, responses, abuseCheck, closeReason, ...opened },
    context,
  ) {
    const { channel, topics } = opened
    return (
      noticesFit(context.seen.notices, opened.familyId, context) ?? [
        { type: 'ConsultationOpened', data: opened },
        {
          type: 'ConsultationSessionRecorded',
          data: { channel, topics, minutes, participants, facts, impression, responses, abuseCheck },
        },
        { type: 'ConsultationClosed', data: { closeReason } },
      ]
    )
  },
})

export const RecordConsultationSession = command({
  summary: 'One contact; also while the caregiver is choosing or a referral is open.',
  from: ['open', 'awaitingCaregiver', 'linking'],
  by: caseworkers,
  schema: Session.refine(abuseCheckAnswered, abuseCheckRequired),
  emits: ['ConsultationSessionRecorded'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'ConsultationSessionRecorded', data }],
})

const TOPICS_WITH_CHECK = ['abuseWorry', 'dv']

function abuseCheckAnswered({
  topics,
  abuseCheck,
}: {
  topics: readonly string[]
  abuseCheck?: unknown
}): boolean {
  return abuseCheck !== undefined || !topics.some((topic) => TOPICS_WITH_CHECK.includes(baseCode(topic)))
}
