import { fold } from '#domain/kernel/lifecycle.ts'
import type { VisitEvent } from '#domain/visit/events.ts'

/** Whether a visit was put right because the person asked: it has a correction of its own, `VisitCorrected`. */
export const visitView = fold<{ readonly isCorrected: boolean }, VisitEvent>(
  'visit',
  { isCorrected: false },
  { VisitCorrected: (view, { reason }) => (reason === 'legalCorrection' ? { isCorrected: true } : view) },
)
