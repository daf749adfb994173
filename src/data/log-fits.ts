import { existsSync } from 'node:fs'
import type { EventStore } from '#domain/kernel/event-store.ts'
import type { Keyring } from '#domain/kernel/keyring.ts'
import { LogDiffers } from '#infra/event-store/log-differs.ts'
import { checkpointIn } from '#infra/process-journal/sqlite.ts'
import { openReadStore } from '#infra/read-store/read-store.ts'
import { projections } from '#projections/registry.ts'
import { processesFile, readModelFile } from './files.ts'

/**
 * An older log that was put back from a backup beside newer views: its next facts would take positions that the views have gone
 * past, and would never be seen. So nothing is started. The keys need only be told.
 * @throws LogDiffers
 */
export const refuseOlderLog = async (parts: {
  readonly store: EventStore
  readonly keyring: Pick<Keyring, 'logEndsAt'>
  readonly dataDir: string
}): Promise<void> => {
  const { store, keyring, dataDir } = parts
  const head = await store.head()
  const ahead = [
    [readModelFile(dataDir), viewsAt] as const,
    [processesFile(dataDir), (file: string) => [checkpointIn(file)]] as const,
  ].filter(([file, positions]) => existsSync(file) && positions(file).some((position) => position > head))
  if (ahead.length > 0)
    throw new LogDiffers(
      `the event log ends at position ${head}, and ${ahead.map(([file]) => file).join(' and ')} beside it ${ahead.length > 1 ? 'have' : 'has'} seen more: an older log was put back? If it is the newest there is, take ${ahead.length > 1 ? 'them' : 'it'} away (with -wal and -shm); what is in there is built again from the log (docs/operations.md)`,
    )
  keyring.logEndsAt(head)
}

const viewsAt = (file: string): readonly bigint[] => {
  const views = openReadStore({ file })
  try {
    return projections.map(({ name }) => views.checkpoint(name))
  } finally {
    views.close()
  }
}
