import { atLeast, type Bench, READ } from './kit/bench.ts'
import { pagesPerSecond } from './kit/pages.ts'
import { EVENTS_IN_A_ROUND } from './kit/story.ts'

const PAGE = 30
const SHORT = 40
/** Sixty-five rounds of the story later: the newest entries are of the same kinds. */
const LONG = SHORT + 65 * EVENTS_IN_A_ROUND

export const timelineLong: Bench = {
  name: 'timeline.long',
  unit: 'requests/s',
  target: atLeast(0.8),
  durability: READ,
  ours: (size) => pagesPerSecond(size, LONG, `limit=${PAGE}`, PAGE),
  against: {
    name: `a first page as long of a family with ${SHORT} events`,
    run: (size) => pagesPerSecond(size, SHORT, `limit=${PAGE}`, PAGE),
  },
}
