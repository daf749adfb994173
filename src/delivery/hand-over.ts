import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery } from '#domain/delivery/events.ts'
import type { WorkQueue } from '#infra/queue/work-queue.ts'
import type { Attempt } from './attempt.ts'
import type { Deliver } from './dispatcher.ts'
import { type Work, workKey } from './work.ts'

/** Redis may have forgotten it meanwhile, and a worker may have died with it. */
const OFFERED_AGAIN_MS = 3_000

type Parts = {
  readonly attempt: Attempt
  /** What came of it, when the views know: it may have been written down before anybody here waited for it. */
  readonly made: (work: Work) => Delivery | undefined
  readonly queue?: WorkQueue | undefined
}

/**
 * Where an attempt is made: by another process, where one is there to take it, else here. Whether it was made is learned from the log
 * alone; until then it is offered again and again, under the same key.
 */
export const handOver = ({ attempt, made, queue }: Parts) => {
  const awaited = new Map<string, (delivery: Delivery) => void>()

  const here = async (work: Work): ReturnType<Deliver> => {
    const delivery = await attempt(work)
    return delivery && { delivery, isNoted: false }
  }
  const elsewhere = async (work: Work, signal: AbortSignal, to: WorkQueue): ReturnType<Deliver> => {
    const key = keyOf(work.subscription, work)
    const written = new Promise<Delivery>((resolve) => awaited.set(key, resolve))
    try {
      while (!signal.aborted) {
        const known = made(work)
        if (known) return { delivery: known, isNoted: true }
        if (!(await to.offer(workKey(work), work))) return await here(work)
        const waiting = new AbortController()
        const delivery = await Promise.race([
          written,
          pause(OFFERED_AGAIN_MS, undefined, { signal: AbortSignal.any([signal, waiting.signal]) }).catch(
            () => undefined,
          ),
        ])
        waiting.abort()
        if (delivery) return { delivery, isNoted: true }
      }
      return undefined
    } finally {
      awaited.delete(key)
    }
  }
  const deliver: Deliver = (work, signal) => (queue ? elsewhere(work, signal, queue) : here(work))

  return {
    deliver,
    /** The log has these. */
    recorded(subscription: string, deliveries: readonly Delivery[]): void {
      for (const delivery of deliveries) awaited.get(keyOf(subscription, delivery))?.(delivery)
    },
  }
}

const keyOf = (
  subscription: string,
  { run, sequence }: { readonly run: number; readonly sequence: number },
) => `${subscription}/${run}/${sequence}`
