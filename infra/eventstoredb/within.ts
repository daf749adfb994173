import { TimedOut } from './errors.ts'

/** @throws TimedOut, or the signal's reason; what comes of the work later is nobody's. */
export const within = async <T>(work: Promise<T>, ms: number, signal?: AbortSignal): Promise<T> => {
  work.catch(() => undefined)
  let settle = () => {}
  const over = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new TimedOut(`no answer within ${Math.round(ms)} ms`)), ms)
    const abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  })
  try {
    return await Promise.race([work, over])
  } finally {
    settle()
  }
}
