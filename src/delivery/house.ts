import type { EventStore } from '#domain/kernel/event-store.ts'
import type { Keyring } from '#domain/kernel/keyring.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import type { Projector } from '#src/projector/projector.ts'
import type { WritePath } from '#src/write/write-path.ts'

/** What of a node those who send work with. */
export type House = Pick<WritePath, 'view' | 'execute'> & {
  readonly store: EventStore
  readonly keyring: Pick<Keyring, 'blind'>
  readonly views: ReadStore
  readonly projector: Pick<Projector, 'reached'>
  readonly now: () => string
}
