import { readFileSync } from 'node:fs'

/** The transition tables of the dossier's section 3: `[from, event, to]`, `*` any state that is not terminal. */
type Table = {
  readonly states: readonly string[]
  readonly terminal: readonly string[]
  readonly transitions: readonly (readonly [from: string | null, event: string, to: string | null])[]
}
export const tables = JSON.parse(
  readFileSync(new URL('./transitions.json', import.meta.url), 'utf8'),
) as Record<string, Table>

/** Where another stream's event moves this one, a process writes what that means here (ARCHITECTURE 3.2). */
const standsFor: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  consultation: { ReferralSent: 'ConsultationLinked', ReferralClosed: 'ConsultationUnlinked' },
}

/** Facts the tables leave out because they move nothing, and the second referral of a consultation. */
const beside: Readonly<Record<string, Table['transitions']>> = {
  consultation: [['linking', 'ConsultationLinked', 'linking']],
  careRequest: ['requested', 'searching', 'candidateFound'].map(
    (state) => [state, 'PreMeetingScheduled', state] as const,
  ),
  membership: [null, 'oriented', 'active', 'lapsed'].map(
    (state) => [state, 'ProviderTrainingCompleted', state] as const,
  ),
}

/** "Any state that is not terminal" is more than there is: before it was sent no clock runs. */
const cannotHappen = ['draft ReferralOverdueDetected', 'awaitingConsent ReferralOverdueDetected']

export type Row = { readonly from: string; readonly event: string; readonly to: string }

export const rowsOf = (name: string): readonly Row[] => {
  const { states = [], terminal = [], transitions = [] } = tables[name] ?? {}
  return [...transitions, ...(beside[name] ?? [])].flatMap(([from, event, to]) => {
    const starts = from === '*' ? states.filter((state) => !terminal.includes(state)) : [from ?? 'none']
    return starts
      .filter((start) => !cannotHappen.includes(`${start} ${event}`))
      .map((start) => ({ from: start, event: standsFor[name]?.[event] ?? event, to: to ?? start }))
  })
}
