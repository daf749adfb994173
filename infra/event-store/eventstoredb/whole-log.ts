import { setTimeout as sleep } from 'node:timers/promises'
import { type AllStreamResolvedEvent, type Position, type RecordedEvent, START } from '@eventstore/db-client'
import { type Stored, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { appendTo } from '#infra/eventstoredb/append.ts'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import { toEntry, toStored } from '../entry.ts'
import { isOfLog, toEventData, toKept } from './codec.ts'
import { newestBehind } from './head.ts'

/** The cluster's log, asked of the server itself and not of a node's copy. */
type WholeLog = {
  head(): Promise<bigint>
  after(position: bigint, limit: number): Promise<readonly Stored[]>
  /** In this order, each at the version it has; consecutive ones of a stream in one append. @returns the first that has no room */
  append(events: readonly Stored[]): Promise<Stored | undefined>
}

const RAW_PAGE = 500
/** The server takes a mebibyte in one append unless it is told otherwise. */
const APPEND_BYTES = 500_000
const TRIES = 8
const RETRY_MS = 200

export const wholeLog = (connection: Connection): WholeLog => {
  const appendRun = appendTo(connection)
  return {
    head: () => patiently(async () => (await newestBehind(connection, 0n, isOfLog)) ?? 0n),
    async after(position, limit) {
      const found: Stored[] = []
      let from: Position | typeof START = position === 0n ? START : { commit: position, prepare: position }
      for (let seen = position; ; ) {
        const page = await patiently(() => readAll(connection, from))
        // A read begins at a position, not behind it.
        const fresh = page.filter(({ position: at }) => at !== undefined && at.commit > seen)
        found.push(...fresh.map(toKept).flatMap((kept) => (kept ? [toStored(kept)] : [])))
        const last = page.at(-1)?.position
        if (found.length >= limit) return found.slice(0, limit)
        if (page.length < RAW_PAGE || last === undefined) return found
        from = last
        seen = last.commit
      }
    },
    async append(events) {
      for (const run of runsOf(events)) {
        const [first] = run
        if (!first) continue
        const data = run.map((event) => toEventData(toEntry(event)))
        const written = await appendRun(first.stream, first.version - 1, data)
        if ('actual' in written) return first
      }
      return undefined
    },
  }
}

/** Consecutive events of one stream, as many as the server takes at once. */
const runsOf = (events: readonly Stored[]): readonly (readonly Stored[])[] => {
  const runs: Stored[][] = []
  let bytes = 0
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify([event.metadata, event.data]))
    const last = runs.at(-1)?.at(-1)
    bytes += size
    if (last?.stream === event.stream && last.version + 1 === event.version && bytes <= APPEND_BYTES)
      runs.at(-1)?.push(event)
    else {
      runs.push([event])
      bytes = size
    }
  }
  return runs
}

const readAll = async (
  connection: Connection,
  fromPosition: Position | typeof START,
): Promise<readonly RecordedEvent[]> => {
  const found = await connection.read<AllStreamResolvedEvent>((client) =>
    client.readAll({ fromPosition, maxCount: RAW_PAGE, requiresLeader: true }),
  )
  return found.flatMap(({ event }) => event ?? [])
}

/** A leader may be elected meanwhile. */
const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || tries === TRIES) throw error
      await sleep(RETRY_MS * tries)
    }
  }
}
