import type { Log } from '#src/log.ts'

export const sayingWhatWasSetAside =
  (log: Log) =>
  (aside: string, cause: unknown): void =>
    log.error(
      { file: aside, err: cause },
      'the read store was damaged: set aside, the views are built anew from the log',
    )
