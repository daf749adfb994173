import { z } from 'zod'
import { FamilyId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { date, plainText, text } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'audit', function: 'system' })

export const caseApprovalEvents = {
  CaseApprovalGiven: fact(
    z.object({
      familyId: FamilyId,
      /** Staff id of the auditor who may read. */
      auditor: plainText(64),
      reason: text(500),
      /** The last day. */
      until: date(),
    }),
    { title: { ja: '監査のための閲覧承認', en: 'Case approval given' }, state: 'active', bookkeeping: true },
  ),
  CaseApprovalEnded: fact(z.object({}), {
    title: { ja: '閲覧承認の終了', en: 'Case approval ended' },
    state: 'ended',
    bookkeeping: true,
  }),
}

export type CaseApprovalEvent = EventOf<typeof caseApprovalEvents>
