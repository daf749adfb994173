/** At most `perMinute` within a minute, evenly enough: a bucket that holds a second's worth. `undefined`: no limit. Times in ms. */
export const pacing = (perMinute: number | undefined) => {
  const perMs = (perMinute ?? 0) / 60_000
  const most = Math.max(1, perMs * 1_000)
  let tokens = most
  let at: number | undefined
  return {
    /** False: not yet. */
    take(now: number): boolean {
      if (perMinute === undefined) return true
      tokens = Math.min(most, tokens + (at === undefined ? 0 : now - at) * perMs)
      at = now
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
    giveBack(): void {
      tokens += 1
    },
  }
}
