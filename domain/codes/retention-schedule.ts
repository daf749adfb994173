import { fiscalYear } from '#domain/calendar/age.ts'
import type { DataClass } from '#domain/kernel/classes.ts'

/** How long a class of records is kept: whole fiscal years (April–March) after the fiscal year in which the event happened. */
export type Term = {
  readonly fiscalYears: number
  /** The line of dossier 4.8 it follows, and whether the city has confirmed it. */
  readonly source: string
  readonly confirmed: boolean
}

/** Kept by a rule of the ward's own, which is not known here: nothing proposes its end. */
const WARDS_RULE = 'wardsRule'

const five = (source: string): Term => ({ fiscalYears: 5, source, confirmed: false })
const visits = five('visits, information, programmes: 5 fiscal years after that of the event')
const consultation = five(
  'consultation, user support, referral, hub plan, watch-over: 5 after the last open item closes',
)
const kosapo = five('kosapo membership, matches, reports: 5 after membership ends')
/** As long as the longest record they belong to, and a year. */
const oneMore: Term = {
  fiscalYears: 6,
  source: 'consent records: as the longest record, + 1 year',
  confirmed: false,
}

/**
 * Dossier 4.8 as data; defaults to be confirmed by the city's legal section. A family's data ends together, because it lies
 * under one key: the longest of these decides. `directory` and `audit` say nothing of a family that a key would hide.
 */
export const schedule: Readonly<Record<DataClass, Term | typeof WARDS_RULE | 'notPersonal'>> = {
  registration: consultation,
  contact: consultation,
  visit: visits,
  notice: consultation,
  consultationSummary: consultation,
  consultationRecord: consultation,
  health: consultation,
  kosapoMember: kosapo,
  kosapoMatch: kosapo,
  referralEnvelope: consultation,
  referralContent: consultation,
  plan: consultation,
  transferSummary: consultation,
  mch: WARDS_RULE,
  council: WARDS_RULE,
  consentRecord: oneMore,
  audit: 'notPersonal',
  directory: 'notPersonal',
}

/** The last day (31 March) on which a record of this class from that day has to be kept; `wardsRule`: nobody here knows. */
export const keepUntil = (dataClass: DataClass, occurredOn: string): string | 'wardsRule' | undefined => {
  const term = schedule[dataClass]
  if (term === 'notPersonal') return undefined
  if (term === WARDS_RULE) return WARDS_RULE
  return `${fiscalYear(occurredOn) + 1 + term.fiscalYears}-03-31`
}
