import { atLeast, type Bench, READ } from './kit/bench.ts'
import { pagesPerSecond } from './kit/pages.ts'

const EVENTS = 300
const PAGE = 100
/** In the middle of the story that every family has. */
const THEN = '2019-08-01T00:00:00Z'

export const asofFamily: Bench = {
  name: 'asof.family',
  unit: 'requests/s',
  target: atLeast(0.2),
  durability: READ,
  ours: (size) => pagesPerSecond(size, EVENTS, `limit=${PAGE}&asOf=${THEN}`, PAGE),
  against: {
    name: 'the live timeline, a page as long',
    run: (size) => pagesPerSecond(size, EVENTS, `limit=${PAGE}`, PAGE),
  },
}
