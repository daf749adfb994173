import { parentPort, workerData } from 'node:worker_threads'
import type { AnyEvent, Recorded } from '#domain/kernel/event.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import type { Projection } from '#domain/kernel/projection.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { openReadStoreWriter } from '#infra/read-store/writer.ts'
import { openKeys } from '#src/data/keys.ts'
import { type FromWorker, logThrough, type ToWorker, type WorkerOptions } from './messages.ts'
import { startRunner } from './runner.ts'
import { sayingWhatWasSetAside } from './set-aside.ts'

type Subject = {
  readonly projections: readonly Projection[]
  readonly decode: (stored: Stored) => Recorded<AnyEvent>
}

/** A worker thread that folds these projections; `startProjectorThread` is its other end. */
export const runProjectorThread = async ({ projections, decode }: Subject): Promise<void> => {
  const port = parentPort
  if (!port) throw new Error('the projector runs as a worker thread')
  const { eventLog, file, keys } = workerData as WorkerOptions
  // A buffer arrives as the bytes it is made of.
  const { previousKeyEncryptionKey: previous } = keys
  const keyring = openKeys({
    file: keys.file,
    keyEncryptionKey: Buffer.from(keys.keyEncryptionKey),
    ...(previous && { previousKeyEncryptionKey: Buffer.from(previous) }),
  })
  const tell = (message: FromWorker) => port.postMessage(message)
  const log = logThrough(tell)
  const store = await openSqliteEventStore({ file: eventLog, readOnly: true })
  const writer = openReadStoreWriter({ file, secrets: keyring, onSetAside: sayingWhatWasSetAside(log) })
  const onStatus = (statuses: (FromWorker & { kind: 'status' })['statuses']) =>
    tell({ kind: 'status', statuses })
  const runner = startRunner({ store, writer, projections, decode, log, onStatus })

  const rebuild = async (request: number, name?: string): Promise<void> => {
    try {
      await runner.rebuild(name, (done, total) => tell({ kind: 'progress', request, done, total }))
      tell({ kind: 'rebuilt', request })
    } catch (error) {
      tell({ kind: 'rebuilt', request, error: error instanceof Error ? error.message : 'unknown' })
    }
  }
  const stop = async (): Promise<void> => {
    await runner.stop()
    writer.close()
    await store.close()
    keyring.close()
    port.close()
  }
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'rebuild') void rebuild(message.request, message.name)
    else if (message.kind === 'renew') runner.renew(new Error(message.cause), message.identity)
    else void stop()
  })
}
