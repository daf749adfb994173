import { setTimeout as sleep } from 'node:timers/promises'
import { idIn } from '#domain/kernel/event.ts'
import { type EventStore, type Stored, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { KeyLingers, type Keyring } from '#domain/kernel/keyring.ts'
import type { Checkpoint } from '#infra/eventstoredb/checkpoint.ts'
import type { Log } from '#src/log.ts'

export type Eraser = {
  /** Resolves true when every erasure up to `position` has been carried out, false after `ms`. */
  done(position: bigint, ms: number): Promise<boolean>
  stop(): Promise<void>
}

const RETRY_MS = 500

/**
 * Carries out what was decided: follows the log, puts a stream's own key under the key of the family that the stream gets, and
 * destroys the keys of every family whose erasure it finds. In log order, so a stream is its family's when that is erased; what
 * was recorded while the decision was made goes the same way. How far it has come stands in the key file itself, so that with an
 * older key file put back from a backup all of it happens again.
 *
 * Nodes that share keys share that, too. A new node that went over everything again would find that a stream was a family's once
 * which has been erased since, and take the key that the stream has got after that for the one to be destroyed.
 */
export const startEraser = (options: {
  readonly store: EventStore
  readonly keyring: Keyring
  /** What is remembered of a family in this process goes, too. */
  readonly forget: () => void
  /** Up to where erasures have been carried out on the keys that several nodes share. */
  readonly shared?: Checkpoint | undefined
  readonly log: Log
}): Eraser => {
  const { store, keyring, forget, shared, log } = options
  const stopping = new AbortController()
  const waiting = new Set<() => void>()
  let position = keyring.erasedUpTo()

  /** Until it is done: nothing behind it may be done before. Undefined when stopped. */
  const insist = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    while (!stopping.signal.aborted) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof KeyLingers || error instanceof StoreUnavailable)) throw error
        log.warn({ err: error }, 'destroying keys is to be repeated')
        await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      }
    }
    return undefined
  }

  const erase = (familyId: string, because: string) =>
    insist(async () => {
      try {
        await keyring.destroy({ familyId, because })
      } finally {
        forget()
      }
    })

  const tellOthers = (done: bigint) =>
    insist(async () => {
      // Another node may be further.
      if (shared && done > (await shared.read())) await shared.write(done)
    })
  const beginWhereOthersAre = async (): Promise<void> => {
    const done = (shared && (await insist(shared.read))) ?? 0n
    if (done <= position) return
    keyring.noteErasedUpTo(done)
    position = done
  }

  /** @returns whether it was worth noting */
  const carryOut = async ({ id, type, stream, position: at, metadata }: Stored): Promise<boolean> => {
    const { familyId } = metadata
    const isErasure = type === 'PersonalDataErased'
    if (isErasure) {
      await erase(idIn(stream), id)
      await tellOthers(at)
    }
    // Another process may be further: the stream may have a new key since, which is another family's.
    else if (familyId !== undefined && at > keyring.erasedUpTo())
      if (await insist(() => keyring.adopt(stream, familyId))) await erase(familyId, id)
    return isErasure
  }

  const run = async (): Promise<void> => {
    await beginWhereOthersAre()
    for await (const { events, caughtUp } of store.follow(position, stopping.signal)) {
      let erased = false
      for (const event of events) erased = (await carryOut(event)) || erased
      position = events.at(-1)?.position ?? position
      // Only now and then: going over the same events again does no harm.
      if (!stopping.signal.aborted && (erased || !caughtUp)) keyring.noteErasedUpTo(position)
      for (const wake of waiting) wake()
    }
  }
  const running = run().catch((error: unknown) => log.fatal({ err: error }, 'erasures are not carried out'))

  return {
    async done(wanted, ms) {
      const until = Date.now() + ms
      while (position < wanted) {
        const left = until - Date.now()
        if (left <= 0) return false
        await new Promise<void>((resolve) => {
          const timer = setTimeout(wake, left)
          function wake() {
            clearTimeout(timer)
            waiting.delete(wake)
            resolve()
          }
          waiting.add(wake)
        })
      }
      return true
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
