import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import type { Outcome } from '../admit.ts'
import type { Request } from './commit.ts'
import { monotonicMs } from './messages.ts'

const BATCH_APPENDS = 256
const BATCH_CHARACTERS = 8_000_000
const WAITING_APPENDS = 50_000
const WAITING_CHARACTERS = 256_000_000

export type Waiting = {
  readonly request: Request
  readonly characters: number
  readonly since: number
  resolve(outcome: Outcome): void
  reject(error: Error): void
}

/** Appends that the writer has not been given yet. Bounded: beyond it the answer is "later", not more memory. */
export const waitingAppends = () => {
  const queue: Waiting[] = []
  let characters = 0
  const take = (count: number): readonly Waiting[] => {
    const taken = queue.splice(0, count)
    for (const one of taken) characters -= one.characters
    return taken
  }
  return {
    isEmpty: () => queue.length === 0,
    add: (request: Request): Promise<Outcome> =>
      new Promise((resolve, reject) => {
        const size = sizeOf(request)
        if (queue.length >= WAITING_APPENDS || characters + size > WAITING_CHARACTERS)
          return reject(new StoreUnavailable('too many appends are waiting'))
        characters += size
        queue.push({ request, characters: size, since: monotonicMs(), resolve, reject })
      }),
    /** Oldest first, as many as one transaction should hold. */
    takeBatch() {
      const limit = Math.min(queue.length, BATCH_APPENDS)
      let count = 0
      for (let size = 0; count < limit && size < BATCH_CHARACTERS; count += 1)
        size += queue[count]?.characters ?? 0
      return take(count)
    },
    takeAll: () => take(queue.length),
  }
}

const sizeOf = ([, , entries]: Request): number =>
  entries.reduce((sum, [, , , , metadata, data]) => sum + metadata.length + data.length, 0)
