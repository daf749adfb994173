import { z } from 'zod'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { date, plainText } from '#domain/kernel/schema.ts'

/** Why a family's personal data is erased. */
export const erasureReasons = [
  'retentionEnded',
  'suspensionRequest',
  'obtainedUnlawfully',
  'enteredByMistake',
] as const
/** No word of a council: whoever reads them, auditors too, would learn that a case of that class exists. */
export const holdReasons = ['court', 'disclosureRequest', 'incident', 'audit', 'other'] as const

/** Nothing here may be under the family's key: it has to be readable when the key is gone. So codes, dates and references only. */
const REFERENCE = 'A file number or the like. No names: this outlives the family’s data.'

const fact = factsOf({ dataClass: 'audit', function: 'system' })

export const retentionEvents = {
  LegalHoldPlaced: fact(
    z.object({
      hold: plainText(40),
      reason: z.enum(holdReasons),
      reference: plainText(80).optional().describe(REFERENCE),
    }),
    { title: { ja: '廃棄の停止', en: 'Legal hold placed' }, bookkeeping: true },
  ),
  LegalHoldReleased: fact(z.object({ hold: plainText(40) }), {
    title: { ja: '廃棄停止の解除', en: 'Legal hold released' },
    bookkeeping: true,
  }),
  /** The job's proposal; a person decides (dossier 4.8). */
  ErasureProposed: fact(z.object({ keepUntil: date(), decidedByClass: plainText(40) }), {
    title: { ja: '廃棄の提案', en: 'Erasure proposed' },
    bookkeeping: true,
  }),
  ErasurePostponed: fact(z.object({ until: date(), reason: z.enum(holdReasons) }), {
    title: { ja: '廃棄の見送り', en: 'Erasure postponed' },
    bookkeeping: true,
  }),
  /** The decision. What follows is that the family's keys are destroyed. */
  PersonalDataErased: fact(
    z.object({ why: z.enum(erasureReasons), reference: plainText(80).optional().describe(REFERENCE) }),
    { title: { ja: '個人データの消去', en: 'Personal data erased' }, bookkeeping: true },
  ),
}

export type RetentionEvent = EventOf<typeof retentionEvents>
