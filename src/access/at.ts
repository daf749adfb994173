import { isDeepStrictEqual } from 'node:util'
import type { Recorded } from '#domain/kernel/event.ts'
import { streamName } from '#domain/kernel/event.ts'
import type { Condition, Projection, ReadStore, Rows } from '#domain/kernel/projection.ts'
import { breakGlassUses } from '#projections/break-glass.ts'
import { caseApprovals } from '#projections/case-approvals.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import type { System } from '#src/system.ts'
import { staffBy } from './principal.ts'
import { type Reveal, revealIn } from './reveal.ts'

/** A moment of the past: everything up to that position, with the clock as it was. */
export type Past = { readonly position: bigint; readonly time: string }

/**
 * What somebody would have been shown of a family then: in the role of that day, with the consents, protection, assignments,
 * conflicts and broken glass of that moment (R-ACC-5). `undefined`: nobody of that id worked here.
 */
export const revealAt = async (
  system: System,
  staffId: string,
  familyId: string,
  past: Past,
): Promise<Reveal | undefined> => {
  const then = systemAt(system, await factsUntil(system, familyId, past.position), past)
  const principal = await staffBy(then)(staffId)
  return principal && revealIn(then)(principal, familyId)
}

/** The system as it was for one family: folds and views over its facts up to there. */
const systemAt = (system: System, facts: readonly Recorded[], { position, time }: Past): System => ({
  ...system,
  now: () => time,
  views: viewsOver(facts, system),
  view: Object.assign(
    async <S>(
      fold: {
        readonly category: string
        readonly initial: S
        evolve(state: S, event: Recorded, when: never): S
      },
      id: string,
    ) => {
      const events = (await system.store.read(streamName(fold.category, id)))
        .filter((event) => event.position <= position)
        .map(system.decode)
      const state = events.reduce((s, event) => fold.evolve(s, event, event.metadata as never), fold.initial)
      return { state, version: events.length }
    },
    { forget: () => undefined },
  ) as System['view'],
})

const factsUntil = async (
  { store, views, decode }: System,
  familyId: string,
  until: bigint,
): Promise<readonly Recorded[]> => {
  const streams = new Set([
    ...views
      .reader(familyTimeline)
      .list({ where: { family: familyId } })
      .map(({ stream }) => stream),
    ...views
      .reader(breakGlassUses)
      .list({ where: { family: familyId } })
      .map(({ id }) => streamName('breakGlass', id)),
    ...views
      .reader(caseApprovals)
      .list({ where: { family: familyId } })
      .map(({ id }) => streamName('caseApproval', id)),
  ])
  const all = (await Promise.all([...streams].map((stream) => store.read(stream)))).flat()
  return all
    .filter(({ position }) => position <= until)
    .sort((a, b) => (a.position < b.position ? -1 : 1))
    .map(decode)
}

/** The same projections, folded in memory over few facts. */
const viewsOver = (facts: readonly Recorded[], { keyring }: System): ReadStore => {
  const folded = new Map<string, ReadonlyMap<string, unknown>>()
  const rowsOf = (of: Projection): ReadonlyMap<string, unknown> => {
    const known = folded.get(of.name)
    if (known) return known
    const rows = new Map<string, unknown>()
    const table: Rows<unknown> = {
      get: (key) => rows.get(key),
      put: (key, row) => void rows.set(key, row),
      delete: (key) => void rows.delete(key),
    }
    for (const fact of facts) of.apply(fact, table, keyring)
    folded.set(of.name, rows)
    return rows
  }
  return {
    checkpoint: () => facts.at(-1)?.position ?? 0n,
    reader: (of) => {
      const projection = of as unknown as Projection
      const rows = rowsOf(projection)
      const list = ({ where = {} }: { where?: Readonly<Record<string, Condition>> }) =>
        [...rows.values()].filter((row) =>
          Object.entries(where).every(([column, wanted]) =>
            isDeepStrictEqual(projection.columns[column]?.of(row), wanted),
          ),
        )
      return {
        get: (key: string) => rows.get(key),
        list,
        count: (query: { where?: Readonly<Record<string, Condition>> }) => list(query).length,
      } as never
    },
  }
}
