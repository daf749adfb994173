import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  type RecordedEvent,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import type { Connection, Say } from '#infra/eventstoredb/connection.ts'
import { wordsOf } from '#infra/eventstoredb/errors.ts'
import type { Kept } from '../../entry.ts'
import { BESIDE_THE_LOG, isOfLog, positionOf, toKept } from '../codec.ts'
import { newestBehind } from '../head.ts'
import type { ReplicaFile } from './file.ts'

/** What the nodes share beside the log (`_…` streams): it is taken before what comes after it in the order of the server's log. */
export type Beside = {
  /** Takes all of it that the server has now: what stood before may have been put anew behind what depends on it. */
  fill(connection: Connection, signal: AbortSignal): Promise<void>
  /** `position`: nothing before it is missing. It may come again. */
  take(events: readonly RecordedEvent[], position: bigint): void
}

export type Replication = {
  readonly connection: Connection
  readonly file: ReplicaFile
  readonly beside?: Beside | undefined
  readonly signal: AbortSignal
  readonly say: Say
  /** After each commit: up to where the log is here. */
  readonly committed: (position: bigint) => void
  /** Once: how far the server's log was at the beginning. */
  readonly aimed: (goal: bigint) => void
  readonly watchMs?: number
}

const EVENTS_PER_COMMIT = 500
const RETRY_MS = 200
const LONGEST_RETRY_MS = 3_000
const WATCH_MS = 5_000

/**
 * Copies the server's log into the file for as long as the signal lets it. A subscription can end in several ways, or fall
 * silent without ending: it is begun again behind the last event that was kept. Positions only move forward; the server's
 * checkpoints are not used, some versions put them where they should not be.
 */
export const replicate = async (options: Replication): Promise<void> => {
  const { connection, file, beside, signal, say, committed, aimed, watchMs = WATCH_MS } = options
  let position = file.newest()?.position ?? 0n
  const aim = async (): Promise<void> => {
    const goal = (await newestBehind(connection, position, isOfLog)) ?? position
    file.aimAt(goal)
    aimed(goal)
  }
  let seen = position
  let wait = RETRY_MS

  const keep = (events: readonly RecordedEvent[]): void => {
    const fresh = events.filter((event) => BigInt(positionOf(event)) > seen)
    const last = fresh.at(-1)
    if (!last) return
    beside?.take(
      fresh.filter(({ streamId }) => BESIDE_THE_LOG.test(streamId)),
      BigInt(positionOf(last)),
    )
    const kept = fresh.map(toKept).filter((one): one is Kept => one !== undefined)
    if (kept.length > 0) file.keep(kept)
    seen = BigInt(positionOf(last))
    const newest = kept.at(-1)?.[0]
    if (newest === undefined || BigInt(newest) <= position) return
    position = BigInt(newest)
    committed(position)
  }

  const take = async (items: AsyncIterable<AllStreamResolvedEvent> & { readonly readableLength: number }) => {
    let waiting: RecordedEvent[] = []
    for await (const { event } of items) {
      wait = RETRY_MS
      if (event) waiting.push(event)
      if (waiting.length < EVENTS_PER_COMMIT && items.readableLength > 0) continue
      keep(waiting)
      waiting = []
    }
  }

  const subscribe = (ended: AbortSignal): Promise<void> =>
    connection.subscribe<AllStreamResolvedEvent>(
      (client) => follow(client, seen),
      AbortSignal.any([signal, ended]),
      take,
    )

  const fill = async () => beside?.fill(connection, signal)

  await untilAnswered(fill, signal, say)
  await untilAnswered(aim, signal, say)
  while (!signal.aborted) {
    const silent = new AbortController()
    const watching = watch({ connection, seen: () => seen, silent, watchMs, say })
    try {
      await subscribe(silent.signal)
    } catch (error) {
      say('the subscription to the log ended', { cause: wordsOf(error) })
    } finally {
      watching.stop()
    }
    await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined)
    wait = Math.min(wait * 2, LONGEST_RETRY_MS)
    await untilAnswered(fill, signal, say)
  }
}

const untilAnswered = async (ask: () => Promise<void>, signal: AbortSignal, say: Say): Promise<void> => {
  while (!signal.aborted) {
    try {
      await ask()
      return
    } catch (error) {
      say('the log cannot be asked yet', { cause: wordsOf(error) })
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

const follow = (
  client: Parameters<Parameters<Connection['subscribe']>[0]>[0],
  seen: bigint,
): AllStreamSubscription =>
  client.subscribeToAll(
    {
      fromPosition: seen === 0n ? START : { commit: seen, prepare: seen },
      filter: streamNameFilter({ regex: '^[^$]' }),
    },
    { highWaterMark: EVENTS_PER_COMMIT },
  )

/** Ends a subscription that says nothing although there is something: twice in a row, with nothing received in between. */
const watch = (of: {
  readonly connection: Connection
  readonly seen: () => bigint
  readonly silent: AbortController
  readonly watchMs: number
  readonly say: Say
}) => {
  let lastSeen = -1n
  let isLooking = false
  const look = async (): Promise<void> => {
    const before = of.seen()
    const newest = await newestBehind(of.connection, before, ({ streamId }) => !streamId.startsWith('$'))
    if (newest === undefined || of.seen() > before) lastSeen = -1n
    else if (lastSeen === before) {
      of.say('the subscription to the log is silent; it is begun again', { position: String(before) })
      of.silent.abort()
    } else lastSeen = before
  }
  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    // A server that cannot be asked is not what is looked for here.
    void look()
      .catch(() => undefined)
      .finally(() => {
        isLooking = false
      })
  }, of.watchMs).unref()
  return { stop: () => clearInterval(timer) }
}
