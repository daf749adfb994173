import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import type { Rows } from '#domain/kernel/projection.ts'
import { asEnvelope, type FeedRow, referralFeed } from '#projections/referral-feed.ts'
import { NotMoved } from './not-moved.ts'
import { type Pair, placeOf } from './side-by-side.ts'

const decode = decoder(catalogue)

/** What the feed says of one event after the other; only what it needs for the next ones is kept in memory. */
const feedOf = () => {
  type Row = Parameters<typeof referralFeed.columns.sequence.of>[0]
  const kept = new Map<string, Row>()
  let said: FeedRow[] = []
  const rows: Rows<Row> = {
    get: (key) => kept.get(key),
    put(key, row) {
      const published = row.sequence > 0 ? asEnvelope(row) : undefined
      if (published) said.push(published)
      else kept.set(key, row)
    },
    delete: (key) => void kept.delete(key),
  }
  return (stored: Stored): readonly Omit<FeedRow, 'position'>[] => {
    said = []
    referralFeed.apply(decode(stored), rows)
    return said.map(({ position, ...row }) => row)
  }
}

export type FeedsSeen = {
  readonly events: number
  readonly organizations: number
  /** SHA-256 over organisation, sequence and event id of each, in their order. */
  readonly fingerprint: string
}

/** The feeds as both logs give them: a cursor is a number in them, so it stays valid when they are the same. */
export const compareFeeds = () => {
  const [source, target] = [feedOf(), feedOf()]
  const hash = createHash('sha256')
  const organizations = new Set<string>()
  let events = 0
  return {
    /** @throws NotMoved */
    take(pair: Pair): void {
      if (!/^(referral|organization)-/.test(pair.source.stream)) return
      const rows = source(pair.source)
      if (!isDeepStrictEqual(rows, target(pair.target)))
        throw new NotMoved(`the feed would say something else of the event at ${placeOf(pair.source)}`)
      for (const { organization, sequence, eventId } of rows) {
        hash.update(`${JSON.stringify([organization, sequence, eventId])}\n`)
        organizations.add(organization)
        events += 1
      }
    },
    seen: (): FeedsSeen => ({
      events,
      organizations: organizations.size,
      fingerprint: hash.copy().digest('hex'),
    }),
  }
}
