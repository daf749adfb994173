import { InvalidArgumentError } from 'commander'
import type { Stored } from '#domain/kernel/event-store.ts'
import { date, japanInstant } from '#domain/kernel/schema.ts'
import { addDays, startOfDay } from '#domain/kernel/time.ts'

/** A moment of knowing: everything up to a position, or everything recorded before an instant. */
export type AsOf = { readonly position: bigint } | { readonly before: string }

/** A position, an instant (on Japan's clock unless an offset is given), or a day: up to its end. */
export const parseAsOf = (text: string): AsOf => {
  if (/^\d{1,15}$/.test(text)) return { position: BigInt(text) }
  const day = date().safeParse(text)
  if (day.success) return { before: startOfDay(addDays(day.data, 1)) }
  const instant = japanInstant().safeParse(text.replace(' ', 'T'))
  if (!instant.success)
    throw new InvalidArgumentError('Expected a position, a date or a time such as 2022-03-09T12:00.')
  return { before: new Date(Date.parse(instant.data) + 1).toISOString() }
}

export const wasKnown = (
  asOf: AsOf | undefined,
  { position, recordedAt }: Pick<Stored, 'position' | 'recordedAt'>,
): boolean => {
  if (asOf === undefined) return true
  return 'position' in asOf ? position <= asOf.position : recordedAt < asOf.before
}
