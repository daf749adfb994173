import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Page, Stored } from '#domain/kernel/event-store.ts'
import type { Changes } from './changes.ts'

/**
 * Reads the next events in log order; `more` when it stopped because the page was full. `behind`: what is read is a copy that
 * has yet to be filled as far as the log was when it was opened.
 */
export type ReadPage = (position: bigint) => {
  readonly events: readonly Stored[]
  readonly more: boolean
  readonly behind?: boolean
}

/** Catches up page by page, then waits for changes. A page is said to be caught up once, not on every idle wake. */
export const followLog = async function* (
  position: bigint,
  signal: AbortSignal,
  readPage: ReadPage,
  changed: Changes,
): AsyncGenerator<Page, void, undefined> {
  let last = position
  let saidCaughtUp = false
  while (!signal.aborted && !changed.ended()) {
    const seen = changed.count()
    const { events, more, behind = false } = readPage(last)
    const caughtUp = !more && !behind
    last = events.at(-1)?.position ?? last
    if (events.length > 0 || (caughtUp && !saidCaughtUp)) yield { events, caughtUp }
    saidCaughtUp = caughtUp
    if (!more) await changed.since(seen, signal)
    // Reading is synchronous: a long catch-up lets requests in between its pages, and whoever was just answered goes first.
    await nextTurn()
  }
}
