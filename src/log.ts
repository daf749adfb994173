import { type DestinationStream, type Logger, pino } from 'pino'

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal'
export type Log = Readonly<Record<Level, (fields: object, text: string) => void>>

/** Fields that may be logged; anything else that slips into a line is removed (SECURITY, walls). */
const ALLOWED = new Set([
  'level',
  'time',
  'name',
  'version',
  'position',
  'state',
  'stoppedAt',
  'reason',
  'route',
  'method',
  'status',
  'ms',
  'requestId',
  'role',
  'staffId',
  'rule',
  'organization',
  'command',
  'outcome',
  'cause',
  'code',
  'port',
  'host',
  'engine',
  'events',
  'signal',
  'file',
  'projection',
  'err',
  'msg',
])

/** One JSON line an event of the program: ids, routes, codes, times. Never a name, a text, a body or a URL with its values. */
export const makeLog = (level: string, destination?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        log: (fields) => Object.fromEntries(Object.entries(fields).filter(([key]) => ALLOWED.has(key))),
      },
      serializers: {
        err: (error: unknown) =>
          error instanceof Error
            ? { name: error.name, message: error.message, stack: error.stack }
            : { name: typeof error },
      },
      redact: { paths: ['*.authorization', '*.body', '*.data', '*.headers'], remove: true },
    },
    destination,
  )
