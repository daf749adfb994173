import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { referralFeed } from '#projections/referral-feed.ts'
import type { Projector } from '#src/projector/projector.ts'
import { type FeedPage, type FeedQuestion, readFeed } from './read.ts'

const LOOK_AGAIN_MS = 1_000
/** How long a page is looked for among what does not fit, also when nobody waits. */
const LOOKING_MS = 200
/** Everything that is written wakes everybody who waits, and most of it is not for them. */
const GATHERING_MS = 20

/**
 * The next page, as soon as there is something on it; an empty one when the time is up, or nobody waits for it any more.
 * @throws ViewNotReady
 */
export const pageWithin = async (
  { views, projector }: { readonly views: ReadStore; readonly projector: Pick<Projector, 'reached'> },
  asked: FeedQuestion,
  waitMs: number,
  isOver: () => boolean,
): Promise<FeedPage> => {
  const begun = performance.now()
  for (let { after } = asked; ; ) {
    const position = views.checkpoint(referralFeed.name)
    const page = readFeed(views, { ...asked, after })
    const left = begun + (page.more ? Math.max(waitMs, LOOKING_MS) : waitMs) - performance.now()
    if (page.told.length > 0 || left <= 0 || isOver()) return page
    after = page.place
    if (page.more) await nextTurn()
    else if (await projector.reached(position + 1n, Math.min(left, LOOK_AGAIN_MS)))
      await pause(Math.min(left, GATHERING_MS))
  }
}
