import { z } from 'zod'
import { FamilyId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { date, instant, plainText, text } from '#domain/kernel/schema.ts'

export const findings = ['justified', 'notJustified'] as const

const fact = factsOf({ dataClass: 'audit', function: 'system', terminal: ['reviewed'] })

export const breakGlassEvents = {
  BreakGlassUsed: fact(
    z.object({
      familyId: FamilyId,
      reason: text(1_000),
      /** Staff id of whoever was told at once. */
      secondPerson: plainText(64),
      /** Four hours after it began. */
      until: instant(),
      reviewDueOn: date(),
    }),
    {
      title: { ja: '緊急閲覧', en: 'Break-glass used' },
      state: 'used',
      bookkeeping: true,
      due: ({ reviewDueOn }) => reviewDueOn,
    },
  ),
  BreakGlassReviewed: fact(z.object({ finding: z.enum(findings), note: text(1_000).optional() }), {
    title: { ja: '緊急閲覧の確認', en: 'Break-glass reviewed' },
    state: 'reviewed',
    bookkeeping: true,
    due: () => null,
  }),
}

export type BreakGlassEvent = EventOf<typeof breakGlassEvents>
