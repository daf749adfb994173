import type { Recorded } from '#domain/kernel/event.ts'
import type { CorrectionEvent } from './events.ts'

/** What stands beside one field of an entry: the right value, or what the person says instead (R-PRI-14, R-PRI-15). */
export type Beside = {
  readonly kind: 'corrected' | 'statement'
  /** JSON pointer into the entry's data. */
  readonly field: string
  readonly value: string
  /** The day of the decision. */
  readonly on: string
  /** Whose statement it is. */
  readonly personId?: string
}

/** By event id, oldest first: what decisions on correction requests put beside the facts of a family. */
export const correctionsOf = (facts: readonly Recorded[]): ReadonlyMap<string, readonly Beside[]> => {
  const beside = new Map<string, Beside[]>()
  for (const fact of facts) {
    const found = besideFrom(fact)
    if (found) beside.set(found.eventId, [...(beside.get(found.eventId) ?? []), found.beside])
  }
  return beside
}

const besideFrom = (fact: Recorded): { readonly eventId: string; readonly beside: Beside } | undefined => {
  const on = fact.metadata.occurredOn
  // Only these two types are looked into; whatever else the log holds is passed by.
  const { type, data } = fact as CorrectionEvent
  if (type === 'EventCorrected')
    return { eventId: data.eventId, beside: { kind: 'corrected', field: data.field, value: data.value, on } }
  if (type === 'CorrectionDecided' && data.statement !== undefined) {
    const { eventId, field, statement: value, personId } = data
    return { eventId, beside: { kind: 'statement', field, value, on, personId } }
  }
  return undefined
}
