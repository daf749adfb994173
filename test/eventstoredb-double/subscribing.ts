import { randomUUID } from 'node:crypto'
import type { OpenCall } from './calls.ts'
import { noBoundary, type RpcError, streamDeleted } from './errors.ts'
import type { House } from './house.ts'
import { type Log, type Recorded, shownIn } from './log.ts'
import type { Checkpoints } from './misbehave.ts'
import type { Push, ReadCall } from './pushing.ts'
import { placeInAll } from './reading.ts'
import { caughtUpReply, checkpointReply, confirmationReply, eventReply } from './replies.ts'
import type { Reading } from './requests.ts'
import { shownKeptOf } from './stream-metadata.ts'

/** The next event that may be shown, or nothing yet. */
type Cursor = () => Recorded | undefined

const cursorOverAll = (log: Log, from: Reading['from']): Cursor | RpcError => {
  const place = from === 'start' ? -1 : from === 'end' ? log.shown() - 1 : placeBefore(log, from)
  if (place === undefined) return noBoundary(BigInt(from))
  let next = place + 1
  return () => (next < log.shown() ? log.all[next++] : undefined)
}

const placeBefore = (log: Log, position: bigint) => (position === 0n ? -1 : placeInAll(log, position))

const cursorOverStream = (log: Log, name: string, from: Reading['from']): Cursor | RpcError => {
  const known = log.stream(name)
  if (known?.tombstone) return streamDeleted(name)
  const shown = shownIn(log, known)
  const { truncateBefore, maxCount } = shownKeptOf(log, name)
  const start = from === 'start' ? 0 : from === 'end' ? shown : Number(from) + 1
  let next = Math.max(start, Math.min(truncateBefore, shown), shown - maxCount)
  let buried = false
  return () => {
    const stream = log.stream(name)
    if (next < shownIn(log, stream)) return stream?.events[next++]
    if (buried || !stream?.tombstone || stream.tombstone.index >= log.shown()) return undefined
    buried = true
    return stream.tombstone
  }
}

const checkpointsAt = (kind: Checkpoints, log: Log, position: bigint): readonly bigint[] => {
  switch (kind) {
    case 'true':
      return [position]
    case 'repeated':
      return [position, position]
    case 'rewound':
      return [position, log.all[0]?.position ?? position]
    case 'leaping':
      return [log.all[log.shown() - 1]?.position ?? position]
  }
}

/** Rings at every event shown and when the call is over; waits are taken one at a time. */
const bell = (log: Log, call: ReadCall) => {
  let ring = () => {}
  const unwatch = log.watch(() => ring())
  for (const last of ['cancelled', 'finish', 'close'])
    call.once(last, () => {
      unwatch()
      ring()
    })
  return () => new Promise<void>((resolve) => (ring = resolve))
}

/** Confirmation, history with checkpoints, checkpoint, caught up, then what is new. */
export const subscribe = async (
  house: House,
  open: OpenCall,
  reading: Reading,
  push: Push,
  call: ReadCall,
): Promise<void> => {
  const { log } = house.store
  const cursor =
    reading.stream === undefined
      ? cursorOverAll(log, reading.from)
      : cursorOverStream(log, reading.stream, reading.from)
  if (typeof cursor !== 'function') return open.end(cursor)
  if (open.over()) return
  const rung = bell(log, call)
  await push(confirmationReply(randomUUID()))

  let last = typeof reading.from === 'bigint' && reading.stream === undefined ? reading.from : 0n
  let sinceCheckpoint = 0
  let caughtUp = false
  const checkpoint = async () => {
    sinceCheckpoint = 0
    if (reading.checkpointEvery === undefined || last === 0n) return
    for (const position of checkpointsAt(house.mischief.checkpoints(), log, last))
      await push(checkpointReply(position))
  }

  while (!open.over()) {
    const event = cursor()
    if (event) {
      last = event.position
      if (reading.matches(event)) await push(eventReply(event))
      if (++sinceCheckpoint === reading.checkpointEvery) await checkpoint()
    } else if (!caughtUp) {
      caughtUp = true
      await checkpoint()
      await push(caughtUpReply())
    } else await rung()
  }
}
