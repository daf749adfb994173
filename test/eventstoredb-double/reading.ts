import type { OpenCall } from './calls.ts'
import { broken, noBoundary, type RpcError, streamDeleted } from './errors.ts'
import type { House } from './house.ts'
import { type Log, type Recorded, shownIn } from './log.ts'
import type { Push } from './pushing.ts'
import { eventReply, streamNotFoundReply } from './replies.ts'
import type { From, Reading } from './requests.ts'
import { isSoftDeleted, shownKeptOf } from './stream-metadata.ts'

/** Events by place: from `first` to before `beyond`. */
export type Extent = {
  readonly events: readonly Recorded[]
  readonly first: number
  readonly beyond: number
}

export type Found = { readonly extent: Extent } | { readonly missing: true } | { readonly error: RpcError }

/** What may be read of a stream: not what is deleted, cut off or over its greatest count. */
export const streamExtent = (log: Log, name: string): Found => {
  const stream = log.stream(name)
  if (stream?.tombstone && stream.tombstone.index < log.shown()) return { error: streamDeleted(name) }
  const beyond = shownIn(log, stream)
  const kept = shownKeptOf(log, name)
  if (!stream || beyond === 0 || isSoftDeleted(kept)) return { missing: true }
  const first = Math.min(beyond, Math.max(kept.truncateBefore, beyond - kept.maxCount, 0))
  return { extent: { events: stream.events, first, beyond } }
}

/** The server cannot start between two events, and a position that is none's is a mistake. */
export const placeInAll = (log: Log, position: bigint): number | undefined => {
  if (position === 0n) return 0
  const index = log.indexFrom(position)
  return log.all[index]?.position === position ? index : undefined
}

type Walk = { readonly at: number; readonly step: 1 | -1 }

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high)

const walkStream = ({ first, beyond }: Extent, from: From, backwards: boolean): Walk => {
  const place = from === 'start' ? 0 : from === 'end' ? beyond : Number(from)
  return backwards
    ? { at: Math.min(place, beyond - 1), step: -1 }
    : { at: clamp(place, first, beyond), step: 1 }
}

// Backwards the event at the position is left out, forwards it is the first.
const walkAll = (log: Log, { beyond }: Extent, from: From, backwards: boolean): Walk | RpcError => {
  const place = from === 'start' ? 0 : from === 'end' ? beyond : placeInAll(log, from)
  if (place === undefined) return noBoundary(BigInt(from))
  return backwards ? { at: Math.min(place, beyond) - 1, step: -1 } : { at: place, step: 1 }
}

export const read = async (house: House, open: OpenCall, reading: Reading, push: Push): Promise<void> => {
  const { log } = house.store
  const { stream, from, backwards, limit, matches } = reading
  const found: Found =
    stream === undefined
      ? { extent: { events: log.all, first: 0, beyond: log.shown() } }
      : streamExtent(log, stream)
  if ('error' in found) return open.end(found.error)
  if ('missing' in found) {
    await push(streamNotFoundReply(stream ?? ''))
    return open.end()
  }
  const { extent } = found
  const walk =
    stream === undefined ? walkAll(log, extent, from, backwards) : walkStream(extent, from, backwards)
  if ('code' in walk) return open.end(walk)
  const breaksAfter = house.mischief.readBreaksAfter() ?? Number.POSITIVE_INFINITY
  let sent = 0
  for (let at = walk.at; at >= extent.first && at < extent.beyond && !open.over(); at += walk.step) {
    const event = extent.events[at]
    if (!event || !matches(event)) continue
    if (sent === limit || sent === breaksAfter) break
    await push(eventReply(event))
    sent++
  }
  open.end(sent === breaksAfter ? broken('the read') : undefined)
}
