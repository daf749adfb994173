const LONGEST_MS = 24 * 60 * 60 * 1_000

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * How long a receiver wants to be left alone (RFC 9110, 10.2.3: seconds, or a date, against our clock), in ms; a day at most.
 * `undefined` when it says nothing that can be understood.
 */
export const retryAfterIn = (header: string, now: number): number | undefined => {
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : dateIn(header) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_MS)
}

const dateIn = (header: string): number => (HTTP_DATE.test(header) ? Date.parse(header) : Number.NaN)
