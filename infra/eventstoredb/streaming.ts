/** A read or a subscription of the client: objects, and a way to tell the server that nobody wants more. */
export type Streaming<T> = Endable &
  AsyncIterable<T> & { readonly readableLength: number } & (
    | { cancel(): Promise<void> }
    | { unsubscribe(): Promise<void> }
  )

/** What is used of Node's streams; the client's types narrow the rest in ways that do not fit. */
type Endable = {
  on(event: 'error', listener: (error: Error) => void): unknown
  destroy(error?: Error): unknown
}

/** However the work is left, the call behind the stream is cancelled. */
export const useStream = async <T, R>(
  stream: Streaming<T>,
  signal: AbortSignal,
  work: (stream: Streaming<T>) => Promise<R>,
): Promise<R> => {
  // It may fail once more when nobody listens any longer, and an error that nobody hears ends the process.
  stream.on('error', () => undefined)
  const abort = () => stream.destroy(new Error('no longer wanted'))
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await work(stream)
  } finally {
    signal.removeEventListener('abort', abort)
    cancel(stream)
  }
}

/** Both: a cancelled call alone would leave its reader waiting for ever, a destroyed reader alone the call open. */
const cancel = (stream: Streaming<unknown>): void => {
  const told = 'cancel' in stream ? stream.cancel() : stream.unsubscribe()
  told.catch(() => undefined)
  stream.destroy()
}
