import { z } from 'zod'
import { childAgeBand, recordReason, visitorKind, visitPurpose } from '#domain/codes/lists.ts'
import { FamilyId, PersonId, SiteId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { clockTime, codeOf, date, sensitive, text } from '#domain/kernel/schema.ts'
import { describeVisit } from './describe.ts'

const fact = factsOf({ dataClass: 'visit', function: 'dropInSpace', changesFamily: true })

/** A party that came: nobody's name, purpose or family has to be known (dossier 0.2, R-VIS-1). */
export const visitShape = {
  site: SiteId,
  familyId: FamilyId.optional(),
  visitors: z.array(z.object({ kind: codeOf(visitorKind), number: z.int().min(1).max(200) })),
  children: z.int().min(0).max(200),
  childrenByAge: z
    .array(z.object({ ageBand: codeOf(childAgeBand), number: z.int().min(1).max(200) }))
    .optional(),
  purposes: z.array(codeOf(visitPurpose)),
  arrivedAt: clockTime().optional(),
  leftAt: clockTime().optional(),
}

/** A child that the hub learns of at a visit; the family's own stream follows (process `children-met-at-visits`). */
export const ChildMet = z.strictObject({
  personId: PersonId,
  birthDate: sensitive(date(), { subject: 'person' }),
  name: text(100, { subject: 'person' }).optional(),
})

export const visitEvents = {
  VisitRecorded: fact(z.object({ ...visitShape, childAdded: ChildMet.optional() }), {
    title: { ja: '来所', en: 'Visit' },
    state: 'recorded',
    summary: describeVisit,
  }),
  VisitCorrected: fact(
    z.object({
      ...visitShape,
      familyId: FamilyId.nullish(),
      reason: codeOf(recordReason),
      note: text(500).optional(),
    }),
    {
      title: { ja: '来所の訂正', en: 'Visit corrected' },
      state: 'corrected',
      effect: 'corrects',
      summary: describeVisit,
    },
  ),
  VisitAnnulled: fact(z.object({ reason: codeOf(recordReason), note: text(500).optional() }), {
    title: { ja: '来所の取消', en: 'Visit annulled' },
    state: 'annulled',
    effect: 'annuls',
  }),
}

export type VisitEvent = EventOf<typeof visitEvents>
