import { type Asker, type Circumstances, type Decision, decide, type Resource } from './decide.ts'

/** How much of a thing is released, in the order of what it tells. Statistics and pseudonyms are no entry of a list of records. */
const SHOWN: ReadonlySet<Decision['effect']> = new Set([
  'allow',
  'summary',
  'safetyNotes',
  'masked',
  'existence',
])

/** A list is what each single question would have answered: it cannot show what asking for one of them refuses. */
export const readable = <T>(
  asker: Asker,
  things: readonly T[],
  resourceOf: (thing: T) => Resource,
  circumstancesOf: (thing: T) => Circumstances,
): readonly { readonly thing: T; readonly decision: Decision }[] =>
  things
    .map((thing) => ({ thing, decision: decide(asker, 'read', resourceOf(thing), circumstancesOf(thing)) }))
    .filter(({ decision }) => SHOWN.has(decision.effect))
