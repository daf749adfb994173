import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { startThread } from '#infra/thread/start.ts'
import type { Log } from '#src/log.ts'
import { type FromWorker, received, type ToWorker, type WorkerOptions } from './messages.ts'
import { progress } from './progress.ts'
import type { OnProgress } from './rebuilds.ts'
import type { Runner } from './runner.ts'

export type ThreadOptions = WorkerOptions & {
  readonly log: Log
  readonly entry?: URL
}

const RESTART_MS = 1_000

/**
 * A runner in a thread of its own, so that folding never holds up a request. A thread that dies is started again: the read
 * store goes on where it was. Resolves when the views' state is known; rejects when the thread cannot start.
 */
export const startProjectorThread = async (options: ThreadOptions): Promise<Runner> => {
  const { log, eventLog, file, keys, entry = new URL('./worker.ts', import.meta.url) } = options
  const told = progress()
  const stopping = new AbortController()
  const rebuilds = new Map<number, Rebuild>()
  let requests = 0

  const hear = (message: FromWorker): void => {
    if (message.kind === 'status') told.report(message.statuses)
    else if (message.kind === 'log') log[message.level](received(message.fields), message.text)
    else if (message.kind === 'rebuilt') settle(message.request, message.error)
    else rebuilds.get(message.request)?.onProgress?.(message.done, message.total)
  }
  const settle = (request: number, error?: string) => {
    const rebuild = rebuilds.get(request)
    rebuilds.delete(request)
    if (error === undefined) rebuild?.resolve()
    else rebuild?.reject(new Error(error))
  }

  const open = async (): Promise<Worker> => {
    const thread = startThread(entry, { eventLog, file, keys } satisfies WorkerOptions)
    thread.on('message', hear)
    do await once(thread, 'message')
    while (told.status().length === 0)
    let cause: Error | undefined
    thread.on('error', (error) => {
      cause = error
    })
    thread.once('exit', (code) => {
      if (stopping.signal.aborted) return
      log.fatal({ code, err: cause }, 'the projector’s thread has failed; it is started again')
      void openAgain()
    })
    return thread
  }
  const openAgain = async (): Promise<void> => {
    for (const request of rebuilds.keys()) settle(request, 'the projector’s thread has failed')
    while (!stopping.signal.aborted) {
      await sleep(RESTART_MS, undefined, { ref: false })
      try {
        if (!stopping.signal.aborted) worker = await open()
        return
      } catch (error) {
        log.fatal({ err: error }, 'the projector’s thread does not start')
      }
    }
  }
  let worker = await open()
  const tell = (message: ToWorker) => worker.postMessage(message)

  return {
    reached: told.reached,
    status: told.status,
    renew: (cause, identity) => tell({ kind: 'renew', cause: String(cause), identity }),
    rebuild: (name, onProgress) =>
      new Promise<void>((resolve, reject) => {
        requests += 1
        rebuilds.set(requests, { resolve, reject, onProgress })
        tell({ kind: 'rebuild', request: requests, name })
      }),
    async stop() {
      stopping.abort()
      if (worker.threadId < 0) return
      const gone = once(worker, 'exit')
      tell({ kind: 'stop' })
      await gone
    },
  }
}

type Rebuild = {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  readonly onProgress: OnProgress | undefined
}
