import { catalogue, type DomainEvent } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import type { Recorded } from '#domain/kernel/event.ts'
import type { EventStore, Stored } from '#domain/kernel/event-store.ts'
import type { Keyring } from '#domain/kernel/keyring.ts'
import type { Calendar } from '#domain/kernel/lifecycle.ts'
import { openedBy } from '#domain/kernel/sealing.ts'
import { type Execute, executor } from './execute.ts'
import { type FoldCache, foldCache } from './fold-cache.ts'

export type WritePath = {
  /** A fact as it was told: what is under keys is open. For decisions and what follows from them, in memory only. */
  readonly decode: (stored: Stored) => Recorded<DomainEvent>
  readonly view: FoldCache
  readonly execute: Execute
}

/** Commands over one log and its keys. */
export const writePath = (parts: {
  readonly store: EventStore
  readonly keyring: Keyring
  readonly now: () => string
  readonly calendar: Calendar
}): WritePath => {
  const decode = decoder(catalogue, openedBy(parts.keyring))
  const view = foldCache(parts.store, decode)
  return { decode, view, execute: executor({ ...parts, decode, view }) }
}
