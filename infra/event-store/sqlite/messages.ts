import type { Outcome } from '../admit.ts'
import type { Request } from './commit.ts'

export type WriterOptions = { readonly file: string; readonly lockWaitMs: number }

/** `deadline`: monotonic milliseconds, the same clock on every thread of the process. */
export type ToWriter = { readonly batch: readonly Request[]; readonly deadline: number } | 'close'

export type FromWriter =
  | 'open'
  | 'closed'
  | readonly Outcome[]
  | { readonly failed: string; readonly final: boolean }

export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000_000n)
