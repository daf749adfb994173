import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Page, Stored } from '#domain/kernel/event-store.ts'
import type { Changes } from './changes.ts'

/** Reads the next events in log order; `more` when it stopped because the page was full. */
export type ReadPage = (position: bigint) => { readonly events: readonly Stored[]; readonly more: boolean }

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
    const { events, more } = readPage(last)
    last = events.at(-1)?.position ?? last
    if (events.length > 0 || !saidCaughtUp) yield { events, caughtUp: !more }
    saidCaughtUp = !more
    if (!more) await changed.since(seen, signal)
    // Reading is synchronous: a long catch-up lets requests in between its pages, and whoever was just answered goes first.
    await nextTurn()
  }
}
