import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import type { EventStore } from '#domain/kernel/event-store.ts'
import type { Keyring } from '#domain/kernel/keyring.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { openReadStore } from '#infra/read-store/read-store.ts'
import { openReadStoreWriter } from '#infra/read-store/writer.ts'
import { projections } from '#projections/registry.ts'
import type { KeyAccess } from '#src/data/keys.ts'
import type { Log } from '#src/log.ts'
import { type Runner, startRunner } from './runner.ts'
import { sayingWhatWasSetAside } from './set-aside.ts'
import { startProjectorThread } from './thread.ts'

/** The views as the rest of the program sees them, whichever thread folds them. */
export type Projector = Omit<Runner, 'renew'> & { readonly views: ReadStore }

export type ProjectorOptions = {
  readonly store: EventStore
  /** The embedded engine's file. Undefined: the log is in this thread's memory only. */
  readonly eventLog: string | undefined
  /** The views' file; it may be missing. */
  readonly file: string
  /** For the thread; `keyring` for when there is none. */
  readonly keys: KeyAccess
  readonly keyring: Keyring
  readonly log: Log
}

/** With a log in a file: in a thread of its own, so that the door stays free. With one in memory: right here. */
export const startProjector = async ({
  store,
  eventLog,
  file,
  keys,
  keyring,
  log,
}: ProjectorOptions): Promise<Projector> => {
  const runner =
    eventLog === undefined
      ? startHere(store, file, keyring, log)
      : await startProjectorThread({ eventLog, file, keys, log })
  const views = openReadStore({ file, onDamage: runner.renew })
  return {
    views,
    reached: runner.reached,
    status: runner.status,
    rebuild: runner.rebuild,
    async stop() {
      views.close()
      await runner.stop()
    },
  }
}

const startHere = (store: EventStore, file: string, keyring: Keyring, log: Log): Runner => {
  const writer = openReadStoreWriter({ file, secrets: keyring, onSetAside: sayingWhatWasSetAside(log) })
  const runner = startRunner({ store, writer, projections, decode: decoder(catalogue), log })
  return {
    ...runner,
    async stop() {
      await runner.stop()
      writer.close()
    },
  }
}
