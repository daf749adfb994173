import { existsSync } from 'node:fs'
import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import type { EventStore } from '#domain/kernel/event-store.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { type Config, readConfig } from '#src/config.ts'
import type { Log } from '#src/log.ts'
import { startProjector } from '#src/projector/projector.ts'
import { eventLogFile, readModelFile } from '#src/system.ts'
import { note } from './terminal/output.ts'
import { progressBar } from './terminal/progress.ts'
import { Unable } from './unable.ts'

/** The configuration of a command that works on the data itself, beside a server or without one. */
export const dataConfig = (): Config => {
  const config = readConfig(process.env, 'data')
  if (config.EVENT_STORE === 'memory')
    throw new Unable('EVENT_STORE=memory keeps nothing that another program could look at')
  return config
}

export const decode = decoder(catalogue)

/** The log as it lies there; nothing is created and no writer started. */
export const openLog = async ({ DATA_DIR }: Config): Promise<EventStore> => {
  const file = eventLogFile(DATA_DIR)
  if (!existsSync(file))
    throw new Unable(`there is no event log in ${DATA_DIR} (set DATA_DIR, or start the server first)`)
  return openSqliteEventStore({ file, readOnly: true })
}

/** What the program would log is for the one at the keyboard here: problems only, one line each, on stderr. */
export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_fields, text) => note(`tsunagi: ${text}`),
  error: (_fields, text) => note(`tsunagi: ${text}`),
  fatal: (_fields, text) => note(`tsunagi: ${text}`),
}

export const startViews = ({ DATA_DIR }: Config, store: EventStore) =>
  startProjector({ store, eventLog: eventLogFile(DATA_DIR), file: readModelFile(DATA_DIR), log: quietLog })

const LOOK_MS = 200

/** Views that hold everything the log held when asked: caught up here where no server does it. */
export const withViews = async <T>(
  config: Config,
  store: EventStore,
  read: (views: ReadStore) => Promise<T> | T,
): Promise<T> => {
  const projector = await startViews(config, store)
  const bar = progressBar('views')
  try {
    const head = await store.head()
    while (!(await projector.reached(head, LOOK_MS))) {
      const statuses = projector.status()
      const stopped = statuses.find(({ state }) => state === 'stopped')
      if (stopped)
        throw new Unable(
          `the view ${stopped.name} stopped at position ${stopped.stoppedAt}: ${stopped.reason}`,
        )
      const behind = statuses.toSorted((a, b) => Number(a.position - b.position)).at(0)
      bar.at(behind?.position ?? 0n, head)
    }
    bar.end()
    return await read(projector.views)
  } finally {
    bar.end()
    await projector.stop()
  }
}
