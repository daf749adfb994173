import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import type { Entry } from '../entry.ts'

const MOST_APPENDS = 4_000
const MOST_CHARACTERS = 64_000_000

/** Appends that have no answer yet. While the server is silent they pile up: what would not fit into memory is refused at once. */
export const pending = () => {
  const open = new Set<Promise<unknown>>()
  let characters = 0
  return {
    /** @throws StoreUnavailable */
    async hold<T>(entries: readonly Entry[], write: () => Promise<T>): Promise<T> {
      const size = entries.reduce((sum, [, , , , metadata, data]) => sum + metadata.length + data.length, 0)
      if (open.size >= MOST_APPENDS || (open.size > 0 && characters + size > MOST_CHARACTERS))
        throw new StoreUnavailable(`${open.size} appends wait for EventStoreDB`)
      const writing = write()
      open.add(writing)
      characters += size
      try {
        return await writing
      } finally {
        open.delete(writing)
        characters -= size
      }
    },
    answered: async (): Promise<void> => void (await Promise.allSettled(open)),
  }
}
