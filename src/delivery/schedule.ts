const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** How long after one attempt the next one is due, in ms: ten attempts over three days (DELIVERY). */
const STEPS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const
export const MOST_ATTEMPTS = STEPS.length + 1

/** Receivers that fell over together are not all called at the same moment. */
const SPREAD = 0.2

/**
 * Until the attempt after number `attempt` (1, 2, 3 …), in ms; undefined: that was the last one. `random`: 0 up to 1.
 * `atLeast`: what the receiver has asked for.
 */
export const delayAfter = (attempt: number, random: number, atLeast = 0): number | undefined => {
  const step = STEPS[attempt - 1]
  return step === undefined
    ? undefined
    : Math.max(atLeast, Math.round(step * (1 - SPREAD + 2 * SPREAD * random)))
}

/** An endpoint that has taken nothing for so long is disabled; its administrators are told before. */
export const WARNED_AFTER_MS = 3 * DAY
export const DISABLED_AFTER_MS = 5 * DAY
