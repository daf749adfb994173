/** How many failures in a row, and of how many families: one family's may be its own fault. */
const OPENS_AFTER = 5
const OF_FAMILIES = 2
const FIRST_MS = 5_000
const LONGEST_MS = 5 * 60_000

/**
 * A circuit breaker for one endpoint: when nothing arrives any more, one attempt now and then is enough to find out that it does
 * again. Times are on the monotonic clock, in ms.
 */
export const circuitBreaker = () => {
  let failures = 0
  const families = new Set<string>()
  let openUntil: number | undefined
  let restMs = FIRST_MS
  let isProbing = false
  let heldUntil = 0

  return {
    isOpen: () => openUntil !== undefined,
    /** Whether an attempt may begin now. */
    allows: (now: number): boolean =>
      now >= heldUntil && (openUntil === undefined || (now >= openUntil && !isProbing)),
    began(): void {
      if (openUntil !== undefined) isProbing = true
    },
    /** @returns true when that closed it: everything else may go again */
    succeeded(): boolean {
      const closed = openUntil !== undefined
      failures = 0
      families.clear()
      openUntil = undefined
      restMs = FIRST_MS
      isProbing = false
      return closed
    },
    failed(family: string, now: number): void {
      failures += 1
      if (families.size < OF_FAMILIES) families.add(family)
      if (isProbing) restMs = Math.min(LONGEST_MS, restMs * 2)
      isProbing = false
      if (openUntil !== undefined || (failures >= OPENS_AFTER && families.size >= OF_FAMILIES))
        openUntil = now + restMs
    },
    /** It came to nothing, neither way. */
    undecided(): void {
      isProbing = false
    },
    /** The receiver has asked for peace. */
    hold(until: number): void {
      heldUntil = Math.max(heldUntil, until)
    },
  }
}
