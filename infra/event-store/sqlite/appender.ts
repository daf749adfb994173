import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { startThread } from '#infra/thread/start.ts'
import type { Outcome } from '../admit.ts'
import { closed } from '../outcome.ts'
import type { Request } from './commit.ts'
import type { FromWriter, ToWriter, WriterOptions } from './messages.ts'
import { type Waiting, waitingAppends } from './waiting.ts'

/** One batch is being written while the next is on its way; more would only make the batches smaller. */
const IN_FLIGHT = 2

export type Appender = {
  append(request: Request): Promise<Outcome>
  /** Takes nothing new; resolves when everything taken is answered. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** Everything appended while the writer is busy becomes its next transaction: one sync to the disk for all of them. */
export const startAppender = async (
  options: WriterOptions,
  committed: () => void,
  entry = new URL('./writer.ts', import.meta.url),
): Promise<Appender> => {
  const writer = await startWriter(entry, options)
  const tell = (message: ToWriter) => writer.postMessage(message)
  const waiting = waitingAppends()
  const flying: (readonly Waiting[])[] = []
  let armed = false
  let stopped: StoreUnavailable | undefined
  let drained: (() => void) | undefined

  const send = () => {
    armed = false
    while (flying.length < IN_FLIGHT && !waiting.isEmpty()) {
      const batch = waiting.takeBatch()
      flying.push(batch)
      tell({
        batch: batch.map(({ request }) => request),
        deadline: (batch[0]?.since ?? 0) + options.lockWaitMs,
      })
    }
    if (flying.length === 0) drained?.()
  }
  const stop = (error: StoreUnavailable) => {
    stopped = error
    for (const batch of flying.splice(0)) rejectAll(batch, error)
    rejectAll(waiting.takeAll(), error)
    drained?.()
  }
  const settle = (answer: FromWriter) => {
    const batch = flying.shift()
    if (!batch || typeof answer === 'string') return
    if ('failed' in answer) {
      const error = new StoreUnavailable(answer.failed)
      rejectAll(batch, error)
      if (answer.final) stop(error)
    } else {
      for (const [index, { resolve }] of batch.entries()) resolve(answer[index] as Outcome)
      committed()
    }
    send()
  }
  // In a turn of its own: answers whose callers append again would otherwise follow each other and let no I/O in.
  writer.on('message', (answer: FromWriter) => setImmediate(settle, answer))
  writer.on('error', (error) => stop(new StoreUnavailable(`the writer failed: ${error.message}`)))
  const gone = new Promise<void>((resolve) => writer.once('exit', () => resolve()))
  void gone.then(() => stop(stopped ?? new StoreUnavailable('the writer is gone')))

  return {
    append(request) {
      if (stopped) return Promise.reject(stopped)
      const outcome = waiting.add(request)
      // After this turn's promises: everything they append goes together.
      if (!armed) process.nextTick(send)
      armed = true
      return outcome
    },
    async drain() {
      stopped ??= closed()
      if (waiting.isEmpty() && flying.length === 0) return
      await new Promise<void>((resolve) => {
        drained = resolve
      })
    },
    async close() {
      stopped ??= closed()
      tell('close')
      await gone
    },
  }
}

const rejectAll = (batch: readonly Waiting[], error: StoreUnavailable) => {
  for (const { reject } of batch) reject(error)
}

const startWriter = async (entry: URL, options: WriterOptions): Promise<Worker> => {
  const writer = startThread(entry, options)
  try {
    await once(writer, 'message')
    return writer
  } catch (error) {
    throw new StoreUnavailable(error instanceof Error ? error.message : 'the writer did not start', {
      cause: error,
    })
  }
}
