import type { Expected } from '#domain/kernel/event-store.ts'
import type { Entry } from './entry.ts'

export type Receipt = { readonly version: number; readonly position: number }

/** What an engine answers to one append; plain data, so that it can come from another thread. */
export type Outcome = Receipt | { readonly actual: number } | { readonly duplicate: string }

export type Place = Receipt & { readonly stream: string }

/** What has to be known of a log to say whether an append may happen. */
export type Known = {
  placeOf(id: string): Place | undefined
  versionOf(stream: string): number
}

/**
 * The one rule of appending, for every engine that decides it itself. Ids come first, so that repeating an append
 * gives the first answer however far the stream has moved on since; then the expected version. Looks, writes nothing.
 * A number is the stream's version: go ahead.
 */
export const admit = (
  log: Known,
  stream: string,
  expected: Expected,
  entries: readonly Entry[],
): number | Outcome => {
  const before = metBefore(log.placeOf, stream, entries)
  if (before) return before
  const actual = log.versionOf(stream)
  const asExpected = expected === 'any' || actual === (expected === 'none' ? 0 : expected)
  return asExpected ? actual : { actual }
}

/** Undefined: none of these ids is taken. */
export const metBefore = (
  placeOf: Known['placeOf'],
  stream: string,
  entries: readonly Entry[],
): Outcome | undefined => {
  const ids = entries.map(([id]) => id)
  const first = placeOf(ids[0] as string)
  if (first) return repeatedAppend(placeOf, stream, first, ids)
  const duplicate = twiceIn(ids) ?? ids.find((id, index) => index > 0 && placeOf(id))
  return duplicate === undefined ? undefined : { duplicate }
}

/** The first receipt, if these very ids stand one after the other in this very stream. */
const repeatedAppend = (
  placeOf: Known['placeOf'],
  stream: string,
  first: Place,
  ids: readonly string[],
): Outcome => {
  const places = ids.map((id) => placeOf(id))
  const same = places.every((at, index) => at?.stream === stream && at.version === first.version + index)
  const last = places.at(-1)
  return same && last ? { version: last.version, position: last.position } : { duplicate: ids[0] as string }
}

const twiceIn = (ids: readonly string[]): string | undefined =>
  new Set(ids).size === ids.length ? undefined : ids.find((id, index) => ids.indexOf(id) < index)
