import type { Wrapped } from '../row.ts'
import { type KeyFact, keyKept, keyShared, streamOf } from './facts.ts'
import type { SharedParts } from './provide.ts'
import { DELETED } from './streams.ts'

export type Tidy = (stream: string, how?: { readonly rewrap: boolean }) => Promise<number>

/**
 * Leaves in a stream only what belongs there: not what was destroyed, or went to a family's. `rewrap`: nor what lies under
 * another key-encryption key than the present one. What stays is appended anew in one piece, and everything before is cut off, so
 * that scavenging takes it from the disk. Killed in between, it is found untidy again.
 * @returns how many keys are now wrapped as they were not
 */
export const tidier = ({ streams, copy, local }: SharedParts): Tidy => {
  const isStale = ({ under }: Wrapped): boolean => under !== null && under !== local.current

  /** Each once, as it is wrapped now. */
  const belonging = (stream: string, facts: readonly KeyFact[]): readonly Wrapped[] => {
    const ids = new Set(facts.flatMap((fact) => (fact.kind === 'kept' ? fact.row.id : [])))
    return [...ids].flatMap((id) => local.wrapped(id) ?? []).filter((row) => streamOf(row) === stream)
  }

  const tidy: Tidy = async (stream, { rewrap } = { rewrap: false }) => {
    for (;;) {
      const found = await streams.read(stream)
      if (found === DELETED) return 0
      const { version, facts } = found
      copy.take(facts)
      const stay = belonging(stream, facts)
      const isTidy = (fact: KeyFact): boolean =>
        fact.kind !== 'kept' || (stay.some(({ id }) => id === fact.row.id) && !(rewrap && isStale(fact.row)))
      if (facts.every(isTidy)) return 0
      for (const fact of facts)
        if (fact.kind === 'kept' && fact.cameFrom !== undefined) await tidy(fact.cameFrom)

      const anew = stay.map((row) => (rewrap && isStale(row) ? local.rewrapped(row) : row))
      const events = [...anew.map((row) => keyKept(row)), ...sharedIn(facts).map(keyShared)]
      if (events.length === 0) {
        if (await streams.remove(stream, version)) return 0
        continue
      }
      const at = await streams.append(stream, version, events)
      if (typeof at !== 'bigint') continue
      copy.take(anew.map((row, i): KeyFact => ({ kind: 'kept', at, version: version + i + 1, row })))
      await streams.cut(stream, version)
      return stay.filter((row) => rewrap && isStale(row)).length
    }
  }

  const sharedIn = (facts: readonly KeyFact[]) => {
    const shared = facts.flatMap((fact) =>
      fact.kind === 'shared' && !local.isGone(fact.key) ? { family: fact.family, key: fact.key } : [],
    )
    return [...new Map(shared.map((one) => [one.key, one])).values()]
  }
  return tidy
}
