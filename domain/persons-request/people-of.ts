import type { Recorded } from '#domain/kernel/event.ts'

/** Facts by their stream, each in log order. */
export type Streams = ReadonlyMap<string, readonly Recorded[]>
export type Data = Readonly<Record<string, unknown>>

/** Says whom it is about, and never the one whose data was asked for: the other parent's talks are not theirs (R-ACC-6). */
export const isOnlyOfOthers = (facts: readonly Recorded[], subject: string, streams: Streams): boolean => {
  const named = peopleOf(facts, streams, new Set())
  return named.length > 0 && !named.includes(subject)
}

/** Whom facts are about: those they name, or else those of what they came from. What came of a talk tells of the talk. */
const peopleOf = (
  facts: readonly Recorded[],
  streams: Streams,
  seen: ReadonlySet<string>,
): readonly unknown[] => {
  const all = facts.map(({ data }) => data as Data)
  const named = all.flatMap(({ people, aboutPerson, person }) => [
    ...listOf(people),
    ...present(aboutPerson, person),
  ])
  if (named.length > 0 || all.some(({ children }) => listOf(children).length > 0)) return named
  const origins = all.flatMap(originsIn).filter((origin) => !seen.has(origin))
  const known = new Set([...seen, ...origins])
  return origins.flatMap((origin) => peopleOf(streams.get(origin) ?? [], streams, known))
}

const originsIn = ({ consultationId, referralId, supersedes, noticeRefs }: Data): readonly string[] => [
  ...present(consultationId).map((id) => `consultation-${id}`),
  ...present(referralId, supersedes).map((id) => `referral-${id}`),
  ...listOf(noticeRefs).map((id) => `notice-${id}`),
]

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const present = (...values: readonly unknown[]) => values.filter((value) => value !== undefined)
