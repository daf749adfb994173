import { BadConfiguration } from '#src/config.ts'
import { Unable } from './unable.ts'

/** Names of errors whose message says all that the one at the keyboard needs. */
const SAY_ENOUGH = new Set([
  'StoreUnavailable',
  'ViewNotReady',
  'UnreadableEvent',
  'NewerViewFound',
  'KeysDoNotFit',
  'LogDiffers',
  'KeyMissing',
  'KeyLingers',
  'NotMoved',
  'MoveUnfinished',
])

/** One line for what a person can put right; a stack trace only for a bug of ours. */
export const explain = (error: unknown): string => {
  if (error instanceof BadConfiguration) return error.message
  if (!(error instanceof Error)) return `tsunagi: ${String(error)}`
  if (error instanceof Unable || SAY_ENOUGH.has(error.name)) return `tsunagi: ${error.message}`
  const { code, path, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `tsunagi: port ${port} is in use (set PORT)`
  if (code !== undefined && path !== undefined) return `tsunagi: ${reasons[code] ?? code}: ${path}`
  if (code?.startsWith('SQLITE_')) return `tsunagi: ${code}: ${error.message}`
  return `tsunagi: ${error.stack ?? error.message}`
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'not allowed',
  EISDIR: 'this is a directory',
  ENOTDIR: 'not a directory',
  EROFS: 'this place cannot be written',
  ENOSPC: 'the disk is full',
}
