import { Redis } from 'ioredis'

export type RedisConnection = {
  readonly client: Redis
  /** Whether a command would be sent now. Still true for a moment after Redis has fallen silent. */
  isUp(): boolean
  /** At once, in whatever state Redis is; what is on its way is given up. */
  close(): void
}

type Told = Readonly<Record<'info' | 'warn', (fields: object, text: string) => void>>

/** How long a command may take before it counts as unanswered, in ms. */
const ANSWER_MS = 1_000
const CONNECT_MS = 2_000
/** A frozen server never says goodbye. */
const GOODBYE_MS = 100
const LONGEST_WAIT_MS = 2_000

/**
 * A connection to something that may vanish at any moment (decision 14). A command is sent now or refused now, answered within
 * `answerMs` or refused then, and never sent again by itself. A server that stays silent is hung up on, so that the next commands
 * are refused without waiting. Reconnects for ever; says once that Redis is away and once that it is back.
 *
 * `url`: `redis://` or `rediss://`, with name, password and database number where needed.
 */
export const openRedis = (url: string, log: Told, answerMs = ANSWER_MS): RedisConnection => {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: answerMs,
    socketTimeout: 2 * answerMs,
    connectTimeout: CONNECT_MS,
    disconnectTimeout: GOODBYE_MS,
    retryStrategy: backOff,
    // After a failover the name may lead somewhere else.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  })
  let isClosing = false
  let toldUp: boolean | undefined
  let reason: string | undefined
  client.on('error', (error) => {
    reason = reasonOf(error)
  })
  client.on('ready', () => {
    if (!toldUp) log.info({ state: 'up' }, 'Redis is there')
    toldUp = true
    reason = undefined
  })
  client.on('close', () => {
    if (toldUp !== false && !isClosing) log.warn({ state: 'down', reason }, 'Redis is away; going on without')
    toldUp = false
  })
  return {
    client,
    isUp: () => client.status === 'ready',
    close() {
      isClosing = true
      client.disconnect()
    },
  }
}

/** Nodes that lost the same Redis do not all come back in the same instant. */
const backOff = (attempt: number): number =>
  Math.min(LONGEST_WAIT_MS, 50 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2)

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return typeof error
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
