import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import type { Say } from '#infra/eventstoredb/connection.ts'
import { within } from '#infra/eventstoredb/within.ts'
import { startThread } from '#infra/thread/start.ts'
import type { FromReplica, ReplicaOptions, ToReplica } from './messages.ts'

export type Replica = {
  /** Up to where the log is here. */
  position(): bigint
  /** How far the server's log was when copying began; undefined: the server has not said yet. */
  goal(): bigint | undefined
  /** It holds what the log held at the beginning, and everything up to `position`. False when `ms` passed first. */
  reached(position: bigint, ms: number): Promise<boolean>
  stop(): Promise<void>
}

const RESTART_MS = 1_000
/** What is cut off in the middle is copied again. */
const STOP_MS = 3_000

/** Copies the log in a thread of its own; one that dies is started again, and goes on where it was. */
export const startReplica = async (
  options: ReplicaOptions,
  changed: (position: bigint) => void,
  say: Say,
): Promise<Replica> => {
  const waiting = new Set<() => void>()
  const stopping = new AbortController()
  let position = 0n
  let goal: bigint | undefined

  const hear = (message: FromReplica): void => {
    if (message.kind === 'say') {
      say(message.text, message.fields)
      return
    }
    if (message.kind === 'goal') goal = message.position
    else if (message.position > position) position = message.position
    changed(position)
    for (const wake of waiting) wake()
  }
  const open = async (): Promise<Worker> => {
    const thread = startThread(new URL('./worker.ts', import.meta.url), options)
    thread.on('message', hear)
    await once(thread, 'message')
    thread.on('error', (error) => say('the thread that copies the log has failed', { cause: error.message }))
    thread.once('exit', () => void openAgain())
    return thread
  }
  const openAgain = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(RESTART_MS, undefined, { ref: false })
      try {
        if (stopping.signal.aborted) return
        worker = await open()
        if (stopping.signal.aborted) await worker.terminate()
        return
      } catch (error) {
        say('the thread that copies the log does not start', { cause: String(error) })
      }
    }
  }
  let worker = await open().catch((error: unknown) => {
    throw new StoreUnavailable('the copy of the log cannot be kept here', { cause: error })
  })

  return {
    position: () => position,
    goal: () => goal,
    async reached(wanted, ms) {
      const isThere = () => goal !== undefined && position >= goal && position >= wanted
      if (isThere() || stopping.signal.aborted) return isThere()
      return new Promise((resolve) => {
        const settle = () => {
          clearTimeout(timer)
          waiting.delete(wake)
          resolve(isThere())
        }
        const wake = () => {
          if (isThere() || stopping.signal.aborted) settle()
        }
        const timer = setTimeout(settle, ms)
        waiting.add(wake)
      })
    },
    async stop() {
      stopping.abort()
      for (const wake of waiting) wake()
      if (worker.threadId < 0) return
      const gone = once(worker, 'exit')
      worker.postMessage('stop' satisfies ToReplica)
      await within(gone, STOP_MS).catch(() => worker.terminate())
    },
  }
}
