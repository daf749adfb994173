import type { Changes } from '../changes.ts'

const POLL_MS = 20

/** While anybody follows: looks whether another connection, perhaps of another process, has committed. */
export const watch = (dataVersion: () => number, changed: Changes) => {
  let followers = 0
  let timer: NodeJS.Timeout | undefined
  let seen = 0
  const look = () => {
    if (changed.ended()) return
    const now = versionOrUnknown(dataVersion)
    if (now === seen) return
    seen = now
    changed.note()
  }
  return {
    start() {
      followers += 1
      if (timer) return
      seen = dataVersion()
      timer = setInterval(look, POLL_MS).unref()
    },
    stop() {
      followers -= 1
      if (followers > 0) return
      clearInterval(timer)
      timer = undefined
    },
  }
}

/** A timer has nobody to throw to: whoever follows is woken and meets the failure by reading. */
const versionOrUnknown = (dataVersion: () => number): number => {
  try {
    return dataVersion()
  } catch {
    return Number.NaN
  }
}
