import {
  type AllStreamResolvedEvent,
  type RecordedEvent,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import { newestBehind } from '#infra/event-store/eventstoredb/head.ts'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import type { KeyCopy } from './copy.ts'
import { DESTROYED_STREAM, KEY_STREAMS, type KeyFact, toFact } from './facts.ts'
import { sharedIndexKey } from './index-key.ts'
import { DELETED, keyStreams } from './streams.ts'

const FACTS_PER_COMMIT = 500
const SILENT_MS = 5_000

/**
 * Brings the copy to where the keys on the server are now. Not in the order of the log: keys that were wrapped anew stand behind
 * what lies under them, and where they stood first may have been scavenged. What was destroyed comes first of all, so that a
 * new node does not take a key for a moment that is only still on the server because nobody has scavenged it.
 * @throws StoreUnavailable  what has come is kept
 * @throws KeyMissing        the copy is another cluster's
 */
export const fillKeys = async (
  connection: Connection,
  copy: KeyCopy,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> => {
  const streams = keyStreams(connection)
  const index = await sharedIndexKey(streams)
  if (index) copy.take([index])
  const destroyed = await streams.read(DESTROYED_STREAM, copy.destroyedUpTo())
  if (destroyed !== DELETED) copy.take(destroyed.facts)
  while (!signal.aborted) {
    const goal = await newestBehind(connection, copy.position(), isFact)
    if (goal === undefined) return
    await fillUpTo(goal, connection, copy, signal)
  }
}

const isFact = ({ streamId, type }: RecordedEvent): boolean =>
  KEY_STREAMS.test(streamId) && !type.startsWith('$')

/** It may end before that; whoever asks for it asks again. */
const fillUpTo = async (
  goal: bigint,
  connection: Connection,
  copy: KeyCopy,
  signal: AbortSignal,
): Promise<void> => {
  const silent = new AbortController()
  const timer = setTimeout(() => silent.abort(), SILENT_MS)
  const take = async (items: AsyncIterable<AllStreamResolvedEvent> & { readonly readableLength: number }) => {
    let waiting: { readonly at: bigint; readonly fact: KeyFact | undefined }[] = []
    for await (const { event } of items) {
      timer.refresh()
      const at = event?.position?.commit
      if (!event || at === undefined) continue
      waiting.push({ at, fact: toFact(event) })
      if (at < goal && waiting.length < FACTS_PER_COMMIT && items.readableLength > 0) continue
      copy.take(
        waiting.flatMap(({ fact }) => fact ?? []),
        at,
      )
      waiting = []
      if (at >= goal) return
    }
  }
  const from = copy.position()
  try {
    await connection.subscribe<AllStreamResolvedEvent>(
      (client) =>
        client.subscribeToAll(
          {
            fromPosition: from === 0n ? START : { commit: from, prepare: from },
            filter: streamNameFilter({ regex: KEY_STREAMS.source }),
          },
          { highWaterMark: FACTS_PER_COMMIT },
        ),
      AbortSignal.any([signal, silent.signal]),
      take,
    )
  } finally {
    clearTimeout(timer)
  }
}
