import { isDeepStrictEqual } from 'node:util'
import { atLeast, type Bench, READ, type Size } from './kit/bench.ts'
import { UNWALLED } from './kit/no-walls.ts'
import {
  FULL_PAGE,
  pagesPerSecond,
  readPages,
  readTimeline,
  timelinePath,
  withBareFamilies,
} from './kit/pages.ts'
import { talksOf, viewingsOf } from './kit/traces.ts'

const { events, entries, query } = FULL_PAGE

/** Fails unless both routes give the same page: what is left out is the walls, and nothing of the answer. */
const unwalledPerSecond = (size: Size): Promise<number> =>
  withBareFamilies(size, events, async (server, families) => {
    const { sealed, plain } = await talksOf(size.dir)
    if (plain === 0 || sealed > 0) throw new Error(`${plain} talks in plain text, ${sealed} not`)
    const walled = families.map((familyId) => timelinePath(familyId, query))
    const unwalled = walled.map((path) => `${UNWALLED}${path}`)
    for (const [index, path] of walled.entries()) {
      const pages = [path, unwalled[index] ?? ''].map((one) => readTimeline(server, one, entries))
      const [behind, bare] = await Promise.all(pages)
      if (!isDeepStrictEqual(behind, bare)) throw new Error(`${path} is another page without walls`)
    }
    const before = await viewingsOf(size.dir, families)
    const rate = await readPages(server, size, unwalled)
    const written = (await viewingsOf(size.dir, families)) - before
    if (written > 0) throw new Error(`${written} readings were written down`)
    return rate
  })

export const timelineWalls: Bench = {
  name: 'timeline.walls',
  unit: 'requests/s',
  target: atLeast(0.5),
  durability: READ,
  ours: (size) => pagesPerSecond(size, events, query, entries),
  against: {
    name: 'the same route and page, everything allowed, texts never sealed, nobody written down',
    run: unwalledPerSecond,
  },
}
