import type { Stored } from '#domain/kernel/event-store.ts'
import type { KeptKeys } from '#infra/keys/kept-keys.ts'

export type Step = (done: number | bigint, total: number | bigint) => void

/** Where a log lives with its keys: what is moved from one to the other. */
export type House = {
  /** As a person calls it; no password in it. */
  readonly name: string
  head(): Promise<bigint>
  /** In log order. */
  after(position: bigint, limit: number): Promise<readonly Stored[]>
  /** Behind what is there, in this order, each at the version it has. @throws when somebody else has written */
  append(events: readonly Stored[]): Promise<void>
  /** As they are now, asked anew; undefined: none were made. */
  keys(): Promise<KeptKeys | undefined>
  takeKeys(keys: KeptKeys, step: Step): Promise<void>
  /** Streams whose versions are not 1, 2, 3 …, where the engine itself does not see to it. */
  gaps(): readonly string[]
  /** Up to where all consequences are recorded; 0: from the beginning. */
  followedUpTo(): Promise<bigint>
  noteFollowedUpTo(position: bigint): Promise<void>
  close(): Promise<void>
}
