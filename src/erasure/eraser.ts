import { setTimeout as sleep } from 'node:timers/promises'
import { idIn } from '#domain/kernel/event.ts'
import type { EventStore, Stored } from '#domain/kernel/event-store.ts'
import { KeyLingers, type Keyring } from '#domain/kernel/keyring.ts'
import type { Log } from '#src/log.ts'

export type Eraser = {
  /** Resolves true when every erasure up to `position` has been carried out, false after `ms`. */
  done(position: bigint, ms: number): Promise<boolean>
  stop(): Promise<void>
}

const RETRY_MS = 500

/**
 * Carries out what was decided: follows the log and destroys the keys of every family whose erasure it finds. How far it has
 * come stands in the key file itself, so that an older key file put back from a backup forgets again what was erased since.
 */
export const startEraser = (options: {
  readonly store: EventStore
  readonly keyring: Keyring
  /** What is remembered of a family in this process goes, too. */
  readonly forget: () => void
  readonly log: Log
}): Eraser => {
  const { store, keyring, forget, log } = options
  const stopping = new AbortController()
  const waiting = new Set<() => void>()
  let position = keyring.erasedUpTo()

  const erase = async ({ id, stream }: Stored): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        keyring.destroy({ familyId: idIn(stream), because: id })
        return forget()
      } catch (error) {
        if (!(error instanceof KeyLingers)) throw error
        forget()
        log.warn({ err: error }, 'destroying keys is to be repeated')
        await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      }
    }
  }

  const run = async (): Promise<void> => {
    for await (const { events, caughtUp } of store.follow(position, stopping.signal)) {
      const erasures = events.filter(({ type }) => type === 'PersonalDataErased')
      for (const event of erasures) await erase(event)
      position = events.at(-1)?.position ?? position
      // Only now and then: going over the same events again does no harm.
      if (!stopping.signal.aborted && (erasures.length > 0 || !caughtUp)) keyring.noteErasedUpTo(position)
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
