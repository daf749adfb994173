import type { Log } from '#src/log.ts'

/** Up to which position of the log all consequences are recorded, whichever node recorded them. */
export type FollowedUp = {
  read(): Promise<bigint>
  /** It has come so far. Told to the others now and then, and by `flush` now. */
  note(position: bigint): void
  flush(): Promise<void>
}

/** One node: what it has done itself is what is done. */
export const followedUpHere = (checkpoint: () => bigint): FollowedUp => ({
  read: async () => checkpoint(),
  note: () => undefined,
  flush: async () => undefined,
})

/** The node that takes over goes over as much again as the one before did in this time; it is found done. */
const EVERY_MS = 2_000

export const followedUpByAnyNode = (
  shared: { read(): Promise<bigint>; write(position: bigint): Promise<void> },
  log: Log,
  everyMs = EVERY_MS,
): FollowedUp => {
  let known: bigint | undefined
  let written: bigint | undefined
  let timer: NodeJS.Timeout | undefined
  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const position = known
    if (position === undefined || position === written) return
    try {
      await shared.write(position)
      written = position
    } catch (error) {
      log.warn({ err: error, position: String(position) }, 'how far the processes are is told later')
    }
  }
  return {
    read: shared.read,
    note(position) {
      known = position
      timer ??= setTimeout(() => void flush(), everyMs).unref()
    },
    flush,
  }
}
