/** "Something was committed": counts, so that a commit between looking and waiting is never slept through. */
export const changes = () => {
  const waiting = new Set<() => void>()
  let count = 0
  let ended = false
  const wakeAll = () => {
    for (const wake of waiting) wake()
  }
  return {
    count: () => count,
    ended: () => ended,
    note() {
      count += 1
      wakeAll()
    },
    end() {
      ended = true
      wakeAll()
    },
    /** Resolves once the count has left `seen`, at the end, or on abort. */
    async since(seen: number, signal: AbortSignal): Promise<void> {
      if (count !== seen || ended || signal.aborted) return
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        signal.addEventListener('abort', wake)
      })
    },
  }
}

export type Changes = ReturnType<typeof changes>
