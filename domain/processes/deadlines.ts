import type { Deadline, Watch } from '#domain/kernel/process.ts'
import { addDays, startOfDay } from '#domain/kernel/time.ts'

/** A day is over when the next one begins in Japan. */
const endOf = (date: string): string => startOfDay(addDays(date, 1))

type RunningClocks = Readonly<Record<string, { readonly on: string; readonly at?: string } | undefined>>

/** A missed clock is noted once (dossier 3.2); it changes no state and blocks nothing (R-LIF-2). */
export const referralClocks: Watch = {
  lifecycle: 'referral',
  deadlines(state) {
    const { running = {}, missed = [] } = state as { running?: RunningClocks; missed?: readonly string[] }
    return Object.entries(running).flatMap(([clock, due]): Deadline[] => {
      if (!due || missed.includes(`${clock}@${due.on}`)) return []
      return [
        { after: due.at ?? endOf(due.on), command: 'DetectReferralOverdue', data: { clock, dueOn: due.on } },
      ]
    })
  },
}

/** A consent ends with its last day (dossier 3.8). */
export const consentExpiry: Watch = {
  lifecycle: 'consent',
  deadlines(state) {
    const { scope } = state as { scope?: { until: string } }
    if (state.status !== 'active' || !scope) return []
    return [{ after: endOf(scope.until), command: 'ExpireConsent', data: { until: scope.until } }]
  },
}

/** A request by the person is decided within its term; an extension moves it (dossier 4.7, R-PRI-17). */
const requestTerm = (lifecycle: string, undecided: string, command: string): Watch => ({
  lifecycle,
  deadlines(state) {
    const { decideBy, missed = [] } = state as { decideBy?: string; missed?: readonly string[] }
    if (state.status !== undecided || decideBy === undefined || missed.includes(decideBy)) return []
    return [{ after: endOf(decideBy), command, data: { dueOn: decideBy } }]
  },
})

export const watches: readonly Watch[] = [
  referralClocks,
  consentExpiry,
  requestTerm('disclosureRequest', 'received', 'DetectDisclosureOverdue'),
  requestTerm('correctionRequest', 'requested', 'DetectCorrectionOverdue'),
  requestTerm('suspensionRequest', 'requested', 'DetectSuspensionOverdue'),
]
