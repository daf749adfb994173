import type { FeedPlace } from '#domain/feed/place.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import type { Known } from '#domain/subscription/state.ts'
import {
  asDelivery,
  asRun,
  type DeliveryRow,
  deliveries,
  deliveryKey,
  type RunRow,
  runKey,
} from '#projections/deliveries.ts'
import { asEnvelope, type FeedRow, feedKey, referralFeed } from '#projections/referral-feed.ts'
import { readFeed } from '#src/feed/read.ts'

/** An event that is to be sent, as the views know it. */
export type Taken = {
  readonly run: number
  readonly sequence: number
  readonly row: FeedRow
  readonly attempts: number
  /** ISO instant; absent: now. */
  readonly nextAt?: string | undefined
  /** Parked, and nobody has said that it may go again. */
  readonly parked: boolean
}

type Run = { readonly run: number; place: FeedPlace; readonly highest: number; readonly upTo: number }

const PAGE = 250

const isUnderWay = ({ place, upTo }: Run): boolean => place.sequence < upTo

/**
 * What is still to be sent for one subscription, in order, from the views: what is known of (tried, released) first, then what the feed
 * has behind the place up to which everything is settled. A page at a time, so that a backlog of years fits in memory.
 */
export const openIntake = (views: ReadStore, id: string, { feed, filter, replays }: Known) => {
  const known = views.reader(deliveries)
  const envelopeOf = ({ looked }: DeliveryRow) =>
    asEnvelope(views.reader(referralFeed).get(feedKey(feed, looked)))
  const releases = asRun(known.get(runKey(id, 0)))?.releases ?? 0

  const list = (
    where: Readonly<Record<string, string | number | { readonly lt?: number; readonly gte?: number }>>,
  ) => known.list({ where: { subscription: id, ...where } }).flatMap((row) => asDelivery(row) ?? [])
  const taken = (row: DeliveryRow, parked: boolean): readonly Taken[] => {
    const envelope = envelopeOf(row)
    if (!envelope) return []
    const { run, sequence, tries, nextAt, state, release } = row
    // Released since, it begins its schedule anew.
    const begun = state === 'failed' && release >= releases ? { attempts: tries, nextAt } : { attempts: 0 }
    return [{ run, sequence, row: envelope, ...begun, parked }]
  }
  const inOrder = (a: Taken, b: Taken): number => a.run - b.run || a.sequence - b.sequence
  const again = [
    ...list({ state: 'parked', release: { gte: releases } }).flatMap((row) => taken(row, true)),
    ...[...list({ state: 'parked', release: { lt: releases } }), ...list({ state: 'failed' })].flatMap(
      (row) => taken(row, false),
    ),
  ].sort(inOrder)

  const runFrom = ({ run, looked, sequence, highest, upTo = Number.POSITIVE_INFINITY }: RunRow): Run => ({
    run,
    place: { looked, sequence },
    highest,
    upTo,
  })
  const runs = [0, ...replays.map(({ replay }) => replay)]
    .flatMap((run) => asRun(known.get(runKey(id, run))) ?? [])
    .map(runFrom)
    .filter(isUnderWay)

  /** What failed or was released has been taken in already. */
  const isKnown = (run: Run, sequence: number): boolean =>
    sequence <= run.highest && known.get(deliveryKey(id, run.run, sequence)) !== undefined
  const pageOf = (run: Run): { readonly taken: readonly Taken[]; readonly more: boolean } => {
    const page = readFeed(views, { feed, filter, after: run.place, limit: PAGE })
    run.place = page.place
    const fresh = page.told
      .filter(({ place }) => place.sequence <= run.upTo && !isKnown(run, place.sequence))
      .map(({ row, place }) => ({
        run: run.run,
        sequence: place.sequence,
        row,
        attempts: 0,
        parked: false,
      }))
    return { taken: fresh, more: page.more && page.place.sequence < run.upTo }
  }

  let isFirst = true
  return {
    /** The next few; `more`: there are others now. */
    next(): { readonly taken: readonly Taken[]; readonly more: boolean } {
      if (isFirst) {
        isFirst = false
        return { taken: again, more: true }
      }
      const pages = runs.filter(isUnderWay).map(pageOf)
      return { taken: pages.flatMap(({ taken }) => taken), more: pages.some(({ more }) => more) }
    },
  }
}

export type Intake = ReturnType<typeof openIntake>
