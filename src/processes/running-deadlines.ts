import { categoryOf, type StreamName } from '#domain/kernel/event.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import type { AnyState } from '#domain/kernel/lifecycle.ts'
import type { Deadline, Watch } from '#domain/kernel/process.ts'
import { addHours } from '#domain/kernel/time.ts'

/** A deadline that had passed before anybody knew of it is not a miss of today: a day to record what happened since (R-LIF-5). */
const HOURS_OF_GRACE = 24

/** What the streams of a page have running now; a whole page of one stream is folded once. */
export const runningDeadlines = (
  all: readonly Watch[],
  stateOf: (stream: StreamName) => Promise<AnyState>,
) => {
  const watches = new Map(all.map((watch) => [watch.lifecycle, watch]))
  return async (events: readonly Stored[]): Promise<ReadonlyMap<StreamName, readonly Deadline[]>> => {
    const running = new Map<StreamName, readonly Deadline[]>()
    const last = new Map(events.map(({ stream, recordedAt }) => [stream, recordedAt]))
    for (const [stream, recordedAt] of last) {
      const watch = watches.get(categoryOf(stream))
      if (!watch) continue
      const known = (after: string) => (after > recordedAt ? after : addHours(recordedAt, HOURS_OF_GRACE))
      const deadlines = watch.deadlines(await stateOf(stream))
      running.set(
        stream,
        deadlines.map((deadline) => ({ ...deadline, after: known(deadline.after) })),
      )
    }
    return running
  }
}
