export type ProjectionStatus = {
  readonly name: string
  readonly version: number
  /** Up to here its rows are complete. */
  readonly position: bigint
  /** `building`: nothing of this version can be read yet. `stopped`: it needs a person; what can be read stands still. */
  readonly state: 'live' | 'building' | 'stopped'
  /** The event that it cannot get over. */
  readonly stoppedAt?: bigint
  readonly reason?: string
}

/** How far the views are, and who waits for them. */
export const progress = () => {
  const waiting = new Set<() => void>()
  let latest: readonly ProjectionStatus[] = []

  /** Undefined: never, as things are. */
  const isAt = (position: bigint, name?: string): boolean | undefined => {
    const concerned = latest.filter((one) => (name === undefined ? one.state === 'live' : one.name === name))
    if (concerned.some(({ state }) => state === 'stopped')) return undefined
    return concerned.length > 0 && concerned.every((one) => one.state === 'live' && one.position >= position)
  }

  return {
    status: () => latest,
    report(statuses: readonly ProjectionStatus[]) {
      latest = statuses
      for (const wake of waiting) wake()
    },
    /** All that are live, or the one of this name. False when `timeoutMs` passed first, or it is stopped. */
    reached: async (position: bigint, timeoutMs: number, name?: string): Promise<boolean> => {
      const already = isAt(position, name)
      if (already !== false) return already ?? false
      return new Promise((resolve) => {
        const settle = (value: boolean) => {
          clearTimeout(timer)
          waiting.delete(wake)
          resolve(value)
        }
        const wake = () => {
          const now = isAt(position, name)
          if (now !== false) settle(now ?? false)
        }
        const timer = setTimeout(() => settle(false), timeoutMs)
        waiting.add(wake)
      })
    },
  }
}
