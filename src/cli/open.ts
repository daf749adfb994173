import { existsSync } from 'node:fs'
import type { EventStore } from '#domain/kernel/event-store.ts'
import type { Keyring } from '#domain/kernel/keyring.ts'
import type { ReadStore } from '#domain/kernel/projection.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import type { RotatingKeyring } from '#infra/keys/keyring.ts'
import { type Config, readConfig } from '#src/config.ts'
import type { DataOptions } from '#src/data/data.ts'
import { eventLogFile, readModelFile } from '#src/data/files.ts'
import { type KeyAccess, keyAccess, openKeys } from '#src/data/keys.ts'
import type { Log } from '#src/log.ts'
import { startProjector } from '#src/projector/projector.ts'
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

/** The log as it lies there, on a cluster this node's copy of it; nothing is created and no writer started. */
export const openLog = async ({ DATA_DIR, EVENT_STORE }: Config): Promise<EventStore> => {
  const file = eventLogFile(DATA_DIR, EVENT_STORE)
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

export const keysOf = ({ DATA_DIR, KEY_ENCRYPTION_KEY, KEY_ENCRYPTION_KEY_PREVIOUS }: Config): KeyAccess =>
  keyAccess(DATA_DIR, KEY_ENCRYPTION_KEY, KEY_ENCRYPTION_KEY_PREVIOUS)

export const dataOf = (config: Config): DataOptions => ({
  engine: config.EVENT_STORE,
  dataDir: config.DATA_DIR,
  keys: keysOf(config),
  log: quietLog,
})

export const keyringOf = (config: Config): RotatingKeyring => openKeys(keysOf(config))

export const startViews = (config: Config, store: EventStore, keyring: Keyring) =>
  startProjector({
    store,
    eventLog: eventLogFile(config.DATA_DIR, config.EVENT_STORE),
    file: readModelFile(config.DATA_DIR),
    keys: keysOf(config),
    keyring,
    log: quietLog,
  })

const LOOK_MS = 200

/** Views that hold everything the log held when asked: caught up here where no server does it. */
export const withViews = async <T>(
  config: Config,
  store: EventStore,
  read: (views: ReadStore, keyring: Keyring) => Promise<T> | T,
): Promise<T> => {
  const keyring = keyringOf(config)
  const projector = await startViews(config, store, keyring)
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
    return await read(projector.views, keyring)
  } finally {
    bar.end()
    await projector.stop()
    keyring.close()
  }
}
