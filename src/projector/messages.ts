import type { KeyAccess } from '#src/data/keys.ts'
import type { Level, Log } from '#src/log.ts'
import type { ProjectionStatus } from './progress.ts'

export type WorkerOptions = {
  /** The embedded engine's file; opened for reading only. */
  readonly eventLog: string
  readonly file: string
  readonly keys: KeyAccess
}

export type ToWorker =
  | { readonly kind: 'rebuild'; readonly request: number; readonly name?: string | undefined }
  | { readonly kind: 'renew'; readonly cause: string; readonly identity?: string | undefined }
  | { readonly kind: 'stop' }

export type FromWorker =
  | { readonly kind: 'status'; readonly statuses: readonly ProjectionStatus[] }
  | { readonly kind: 'log'; readonly level: Level; readonly fields: object; readonly text: string }
  | { readonly kind: 'progress'; readonly request: number; readonly done: bigint; readonly total: bigint }
  | { readonly kind: 'rebuilt'; readonly request: number; readonly error?: string }

/** A log whose lines are written by the thread that has the real one. */
export const logThrough = (tell: (message: FromWorker) => void): Log => {
  const at = (level: Level) => (fields: object, text: string) =>
    tell({ kind: 'log', level, fields: sendable(fields), text })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') }
}

/** An error of ours would arrive as a plain `Error`, or not at all if it carries something that cannot be copied. */
const sendable = (fields: object): object =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]: [string, unknown]) => [
      key,
      value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value,
    ]),
  )

export const received = (fields: object): object =>
  'err' in fields && typeof fields.err === 'object'
    ? { ...fields, err: Object.assign(new Error(), fields.err) }
    : fields
