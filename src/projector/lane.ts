import type { AnyEvent, Recorded } from '#domain/kernel/event.ts'
import type { EventStore, Page, Stored } from '#domain/kernel/event-store.ts'
import { isOfStore } from '#infra/read-store/errors.ts'
import type { Fold } from '#infra/read-store/fold.ts'

/** Folds that go through the log together: each event is read and decoded once for all of them. */
export type Lane = {
  readonly folds: Set<Fold>
  readonly abort: AbortController
  /** Everything up to here has been given to the folds. */
  position: bigint
}

/** What a fold cannot get over. */
export type Failure = { readonly fold: Fold; readonly at: bigint; readonly error: unknown }

export type LaneOptions = {
  readonly store: EventStore
  readonly decode: (stored: Stored) => Recorded<AnyEvent>
  readonly commit: (lane: Lane) => void
  readonly failed: (lane: Lane, failures: readonly Failure[]) => void
  /** The lane is at the end of the log. True: its folds have moved to another lane, this one is over. */
  readonly caughtUp: (lane: Lane) => boolean
}

/** Far behind, a commit for many pages: rows that change often are written once. Pages, because theirs is the bound in memory. */
const PAGES_PER_COMMIT = 8
const EVENTS_PER_COMMIT = 4_000

export const makeLane = (folds: readonly Fold[], position: bigint): Lane => ({
  folds: new Set(folds),
  abort: new AbortController(),
  position,
})

/** Goes along the log until nobody is left in the lane, it has joined another, or it is aborted. */
export const runLane = async (lane: Lane, options: LaneOptions): Promise<void> => {
  const { store, decode, commit, failed, caughtUp } = options
  let pages = 0
  let events = 0

  const isDue = (page: Page, failures: readonly Failure[]): boolean =>
    page.caughtUp || failures.length > 0 || pages >= PAGES_PER_COMMIT || events >= EVENTS_PER_COMMIT

  for await (const page of store.follow(lane.position, lane.abort.signal)) {
    const failures = foldPage(lane, page.events, decode)
    pages += 1
    events += page.events.length
    if (!isDue(page, failures)) continue
    commit(lane)
    pages = 0
    events = 0
    // Only now: what came before the event that stopped them is in the file.
    if (failures.length > 0) failed(lane, failures)
    if (lane.folds.size === 0 || (page.caughtUp && caughtUp(lane))) return
  }
}

/** One projection's failure is its own; an event that nobody can read stops all of them. */
const foldPage = (
  lane: Lane,
  events: readonly Stored[],
  decode: LaneOptions['decode'],
): readonly Failure[] => {
  const failures: Failure[] = []
  const going = new Set(lane.folds)
  const stop = (fold: Fold, at: bigint, error: unknown) => {
    going.delete(fold)
    failures.push({ fold, at, error })
  }
  for (const stored of events) {
    const event = attempt(() => decode(stored))
    for (const fold of going) {
      // Whoever has joined this lane may be ahead of it.
      if (fold.position() >= stored.position) continue
      if ('error' in event) stop(fold, stored.position, event.error)
      else applyTo(fold, event.value, stop)
    }
    lane.position = stored.position
  }
  return failures
}

const applyTo = (
  fold: Fold,
  event: Recorded<AnyEvent>,
  stop: (fold: Fold, at: bigint, error: unknown) => void,
) => {
  try {
    fold.apply(event)
  } catch (error) {
    if (isOfStore(error)) throw error
    stop(fold, event.position, error)
  }
}

const attempt = <T>(work: () => T): { readonly value: T } | { readonly error: unknown } => {
  try {
    return { value: work() }
  } catch (error) {
    return { error }
  }
}
