import { setTimeout as sleep } from 'node:timers/promises'
import { KeyLingers } from '#domain/kernel/keyring.ts'
import type { LocalKeys } from '../local-keys.ts'

/** A reader that holds the file is waited for once, in SQLite, for as long as that may take. */
const TRIED_FOR_MS = 1_000
const RETRY_MS = 25

/** The thread that follows the server cleans the same file, and while one does the other is told that it is busy. @throws KeyLingers */
export const cleaned = async (local: LocalKeys): Promise<void> => {
  const until = performance.now() + TRIED_FOR_MS
  for (;;) {
    try {
      return local.truncate()
    } catch (error) {
      if (!(error instanceof KeyLingers) || performance.now() > until) throw error
    }
    await sleep(RETRY_MS)
  }
}
