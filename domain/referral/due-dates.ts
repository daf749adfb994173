import { addBusinessDays, type Holidays, type OpeningWeek } from '#domain/calendar/business-days.ts'
import type { Precision } from '#domain/kernel/metadata.ts'
import { baseCode } from '#domain/kernel/schema.ts'
import { addDays, addHours, japanDate } from '#domain/kernel/time.ts'

/**
 * How long each clock runs (dossier 3.2, rule version 1). Acting days are business days of whoever must act; the outcome
 * clock counts calendar days. `whenReady` has no clock at all. A later version gets its own table and a first day.
 */
type Term = { readonly businessDays?: number; readonly days?: number; readonly hours?: number }
type Terms = Readonly<Record<'ack' | 'decision' | 'firstContact' | 'outcome' | 'resend', Term>>

const terms: Readonly<Record<string, Terms>> = {
  emergency: {
    ack: { hours: 2 },
    decision: { days: 0 },
    firstContact: { days: 0 },
    outcome: { days: 7 },
    resend: { days: 0 },
  },
  urgent: {
    ack: { businessDays: 1 },
    decision: { businessDays: 1 },
    firstContact: { businessDays: 3 },
    outcome: { days: 30 },
    resend: { businessDays: 1 },
  },
  normal: {
    ack: { businessDays: 3 },
    decision: { businessDays: 5 },
    firstContact: { businessDays: 10 },
    outcome: { days: 60 },
    resend: { businessDays: 5 },
  },
}

export type Moment = {
  readonly occurredAt: string
  readonly occurredOn: string
  /** Hours are counted only from a known hour; from a day, the clock is kept until the end of that day. */
  readonly precision: Precision
  readonly calendar: Holidays
}

/** The last day on which the clock is still kept; undefined where the urgency has no clock. */
export const dueOn = (
  clock: keyof Terms,
  urgency: string,
  { occurredOn, occurredAt, precision, calendar }: Moment,
  week: OpeningWeek,
): string | undefined => {
  const term = terms[baseCode(urgency)]?.[clock]
  if (!term) return undefined
  if (term.hours !== undefined)
    return precision === 'instant' ? japanDate(addHours(occurredAt, term.hours)) : occurredOn
  if (term.days !== undefined) return addDays(occurredOn, term.days)
  return addBusinessDays(occurredOn, term.businessDays ?? 0, week, calendar)
}

/** The instant, where the clock runs in hours. */
export const dueAt = (
  clock: keyof Terms,
  urgency: string,
  { occurredAt, precision }: Moment,
): string | undefined => {
  const hours = terms[baseCode(urgency)]?.[clock].hours
  return hours === undefined || precision !== 'instant' ? undefined : addHours(occurredAt, hours)
}

/** Business days the decision clock has in full: what remains when a question arrives before any acknowledgement. */
export const decisionDays = (urgency: string): number | undefined => {
  const term = terms[baseCode(urgency)]?.decision
  return term && (term.businessDays ?? 0)
}
