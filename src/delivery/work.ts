import { z } from 'zod'

/** One attempt that is due, as it is handed from whoever knows what is due to whoever sends. No personal data. */
export const Work = z.strictObject({
  subscription: z.guid(),
  run: z.int().min(0),
  sequence: z.int().min(1),
  /** The feed's own number of the event, and its position in the log: whoever sends may be a moment behind. */
  looked: z.int().min(1),
  position: z.string().regex(/^\d{1,19}$/),
  /** 1, 2, 3 … */
  attempt: z.int().min(1),
})
export type Work = Readonly<z.output<typeof Work>>

export const workKey = ({ subscription, run, sequence, attempt }: Work): string =>
  `${subscription}.${run}.${sequence}.${attempt}`
