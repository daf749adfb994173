import { z } from 'zod'
import type { Occurrence } from '#domain/kernel/metadata.ts'
import { date, instant, text } from '#domain/kernel/schema.ts'
import { japanDate, startOfDay, utc } from '#domain/kernel/time.ts'

/** What every command may say besides its data (API 1). */
export const circumstances = {
  occurredAt: instant().optional().describe('When it happened; now, unless said.'),
  occurredOn: date().optional().describe('The day on which it happened, where the time is not known.'),
  precision: z.enum(['instant', 'day', 'month', 'about']).optional(),
  toldBy: text(100).optional().describe('Hearsay: who said so.'),
  lateReason: text(500).optional().describe('Why it is recorded more than 31 days later (R-GEN-2).'),
}

const Circumstances = z.object(circumstances)
export type Circumstances = z.output<typeof Circumstances>
export const circumstanceNames = Object.keys(circumstances) as readonly (keyof Circumstances)[]

export type OccurrenceError = { readonly pointer: string; readonly code: string; readonly message: string }

/** Clocks of clients run fast by a little. */
const TOLERANCE_MS = 5 * 60_000

/** Both times of dossier 2.0 from what the client said. A fact cannot lie in the future. */
export const occurrenceOf = (said: Circumstances, now: string): Occurrence | OccurrenceError => {
  const { occurredAt, occurredOn, precision } = said
  if (occurredAt !== undefined && Date.parse(occurredAt) > Date.parse(now) + TOLERANCE_MS)
    return inTheFuture('/occurredAt')
  if (occurredOn !== undefined && occurredOn > japanDate(now)) return inTheFuture('/occurredOn')
  if (occurredAt !== undefined && occurredOn !== undefined && japanDate(occurredAt) !== occurredOn)
    return { pointer: '/occurredOn', code: 'two_dates', message: 'not the day of `occurredAt` in Japan' }
  if (occurredAt === undefined && occurredOn !== undefined && precision === 'instant')
    return { pointer: '/precision', code: 'no_instant', message: 'an instant needs `occurredAt`' }
  const at = occurredAt ?? (occurredOn === undefined ? now : undefined)
  const on = at === undefined ? (occurredOn ?? japanDate(now)) : japanDate(at)
  const kept = precision ?? (at === undefined ? 'day' : 'instant')
  return {
    occurredAt: at === undefined || kept !== 'instant' ? startOfDay(on) : utc(at),
    occurredOn: on,
    precision: kept,
  }
}

const inTheFuture = (pointer: string): OccurrenceError => ({
  pointer,
  code: 'in_the_future',
  message: 'what has not happened yet cannot be recorded',
})

export const isOccurrenceError = (value: Occurrence | OccurrenceError): value is OccurrenceError =>
  'pointer' in value
