import { z } from 'zod'
import { purpose } from '#domain/codes/purpose.ts'
import { OrganizationId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, plainText } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'audit', function: 'system' })

/** Who looked at what of a family, why and under which rule. Nothing in it says what stood there. */
export const accessLogEvents = {
  /** Written before the data leaves; without it nothing does (dossier 4.6 †). One stream for each family. */
  RecordViewed: fact(
    z.object({
      purpose: codeOf(purpose),
      /** The route's template, without ids. */
      route: plainText(120),
      classes: z.array(plainText(40)).min(1),
      /** Whose records were shown. */
      holders: z.array(OrganizationId),
      /** `4.6/<class>/<role>`, `R-ACC-4` … */
      rules: z.array(plainText(80)),
      /** How many records of these classes. */
      count: z.int().min(1),
    }),
    { title: { ja: '閲覧', en: 'Viewed' }, bookkeeping: true },
  ),
  /** Somebody asked for what is there and not for them (dossier 7.3, N5). They were told that there is nothing. */
  ReadingRefused: fact(
    z.object({
      route: plainText(120),
      /** What kept it from them: `relation` when their organisation has nothing to do with the family, otherwise as in `RecordViewed`. */
      rule: plainText(80),
      /** Whose record was asked for, where one organisation holds it. */
      holder: OrganizationId.optional(),
    }),
    { title: { ja: '閲覧の拒否', en: 'Reading refused' }, bookkeeping: true },
  ),
}

export type AccessLogEvent = EventOf<typeof accessLogEvents>
