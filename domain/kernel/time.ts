/** Dates and instants as the log keeps them: `YYYY-MM-DD` in Japan, ISO 8601 in UTC. Japan has had no summer time since 1951. */

const JAPAN_MS = 9 * 3_600_000
const DAY_MS = 86_400_000

/** In UTC and before three in the afternoon it is the same day in Japan. */
const SAME_DAY = /^\d{4}-\d\d-\d\dT(0\d|1[0-4]):[\d:.]+Z$/

export const japanDate = (instant: string): string =>
  SAME_DAY.test(instant)
    ? instant.slice(0, 10)
    : new Date(Date.parse(instant) + JAPAN_MS).toISOString().slice(0, 10)

/** `HH:MM` on the clock in Japan. */
export const japanClock = (instant: string): string =>
  new Date(Date.parse(instant) + JAPAN_MS).toISOString().slice(11, 16)

export const startOfDay = (date: string): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) - JAPAN_MS).toISOString()

export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)

export const addHours = (instant: string, hours: number): string =>
  new Date(Date.parse(instant) + hours * 3_600_000).toISOString()

/** Whole days from `from` to `to`; negative when `to` is earlier. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS)

/** 0 Sunday … 6 Saturday. */
export const weekday = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay()

export const utc = (instant: string): string => new Date(instant).toISOString()
