import type { EventStore } from '#domain/kernel/event-store.ts'
import type { Checkpoint } from '#infra/eventstoredb/checkpoint.ts'
import type { RotatingKeyring } from '#infra/keys/keyring.ts'
import type { SharedKeyring } from '#infra/keys/shared/keyring.ts'
import type { Log } from '#src/log.ts'
import type { Engine } from './engine.ts'
import type { KeyAccess } from './keys.ts'

/** The log and the keys under which it lies. */
export type Data = {
  readonly store: EventStore
  readonly keyring: RotatingKeyring | SharedKeyring
  /** Where several nodes share them. */
  readonly shared?: {
    readonly logIdentity: string
    checkpoint(name: string): Checkpoint
  }
  close(): Promise<void>
}

export type DataOptions = {
  readonly engine: Engine
  readonly dataDir: string
  readonly keys: KeyAccess
  readonly log: Log
}
