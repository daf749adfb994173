import { z } from 'zod'
import type { EventStore } from '#domain/kernel/event-store.ts'
import { instant } from '#domain/kernel/schema.ts'
import { utc } from '#domain/kernel/time.ts'

const POSITION = /^\d{1,15}$/

/** A moment of knowing: a position of the log, or a time. */
export const asOf = () => z.union([z.string().regex(POSITION), instant()]).optional()

/** The last position that had been recorded by then. Positions rise with the clock, so about twenty looks are enough. */
export const positionAsOf = async (store: EventStore, moment: string): Promise<number> => {
  if (POSITION.test(moment)) return Number(moment)
  const time = utc(moment)
  let known = 0n
  let unknown = (await store.head()) + 1n
  while (unknown - known > 1n) {
    const middle = (known + unknown) / 2n
    const [event] = await store.after(middle - 1n, 1)
    if (event && event.recordedAt <= time) known = event.position
    else unknown = middle
  }
  return Number(known)
}
