/**
 * One at a time for each key, in the order of arrival: commands for the same stream on this node wait for each other instead
 * of colliding. Across nodes the expected version decides.
 */
export const turns = () => {
  const last = new Map<string, Promise<unknown>>()
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(key)
    const mine = before ? before.then(work, work) : work()
    last.set(key, mine)
    try {
      return await mine
    } finally {
      if (last.get(key) === mine) last.delete(key)
    }
  }
}
