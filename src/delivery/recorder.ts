import { setTimeout as pause } from 'node:timers/promises'
import { type Delivery, deliveryEvents } from '#domain/delivery/events.ts'
import { streamName } from '#domain/kernel/event.ts'
import { type Appending, type EventStore, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { systemActor } from '#domain/kernel/metadata.ts'
import type { Log } from '#src/log.ts'
import { noteOf } from '#src/write/note.ts'

/** Writes down what became of deliveries. What it has not written when the program is killed is sent again. */
export type Recorder = {
  note(subscription: string, delivery: Delivery): void
  /** Resolves when everything noted so far is in the log, with the position behind it. */
  flushed(): Promise<bigint>
  /** Writes what is left, unless the log does not answer. */
  stop(): Promise<void>
}

/** Many answers come in such a time, and whoever takes over repeats no more than these. */
const GATHERING_MS = 20
const MOST_IN_ONE = 250
const RETRY_MS = 500

export const startRecorder = (parts: {
  readonly store: EventStore
  readonly now: () => string
  readonly log: Log
}): Recorder => {
  const { store, now, log } = parts
  const noted = new Map<string, Delivery[]>()
  const stopping = new AbortController()
  let writing: Promise<void> | undefined
  let position = 0n

  /** The same event until it is known to be there: however often it is tried, it is recorded once. */
  const insist = async (subscription: string, event: Appending): Promise<void> => {
    for (;;)
      try {
        const appended = await store.append(streamName('delivery', subscription), 'any', [event])
        if (appended.position > position) position = appended.position
        return
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || stopping.signal.aborted) throw error
        log.warn({ err: error }, 'what was delivered is written down later')
        await pause(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      }
  }
  const writeOne = async (subscription: string, deliveries: readonly Delivery[]): Promise<void> => {
    for (let from = 0; from < deliveries.length; from += MOST_IN_ONE) {
      const data = { deliveries: deliveries.slice(from, from + MOST_IN_ONE) }
      const about = { recordedAt: now(), actor: systemActor }
      await insist(subscription, noteOf('DeliveriesRecorded', deliveryEvents.DeliveriesRecorded, data, about))
    }
  }
  const write = async (gatheringMs: number): Promise<void> => {
    await pause(gatheringMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    while (noted.size > 0) {
      const all = [...noted]
      noted.clear()
      await Promise.all(all.map(([subscription, deliveries]) => writeOne(subscription, deliveries)))
    }
  }
  const begin = (gatheringMs: number): Promise<void> => {
    writing ??= write(gatheringMs)
      .catch((error: unknown) => {
        noted.clear()
        log.error({ err: error }, 'what was delivered is not written down and will be sent again')
      })
      .finally(() => {
        writing = undefined
      })
    return writing
  }

  return {
    note(subscription, delivery) {
      const list = noted.get(subscription)
      if (list) list.push(delivery)
      else noted.set(subscription, [delivery])
      void begin(GATHERING_MS)
    },
    async flushed() {
      while (writing) await writing
      return position
    },
    async stop() {
      stopping.abort()
      await (writing ?? (noted.size > 0 ? begin(0) : undefined))
    },
  }
}
