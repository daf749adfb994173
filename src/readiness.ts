import type { EventStore } from '#domain/kernel/event-store.ts'
import type { ProcessRunner } from './processes/runner.ts'
import type { Projector } from './projector/projector.ts'

export type Readiness = {
  /**
   * `starting`    the views are not complete yet
   * `behind`      they were, and have not caught up with the log for some time
   * `unavailable` the log does not answer
   * `stopped`     a view or the processes cannot go on: a person is needed
   */
  readonly status: 'ok' | 'starting' | 'behind' | 'unavailable' | 'stopped'
  /** Seconds since the views held everything the log held; null before the first time. */
  readonly lagSeconds: number | null
}

const LOOK_MS = 1_000
const BEHIND_MS = 10_000

/**
 * Whether requests should be sent here. Looked at once a second, not when asked: whoever may knock at `/readyz` may do so as often as
 * they like.
 */
export const watchReadiness = (parts: {
  readonly store: EventStore
  readonly projector: Projector
  readonly processes: ProcessRunner
  readonly lookMs?: number
}) => {
  const { store, projector, processes, lookMs = LOOK_MS } = parts
  const since = performance.now()
  let answeredAt = since
  let caughtUpAt: number | undefined

  const isWhole = (head: bigint): boolean => {
    const views = projector.status()
    return views.length > 0 && views.every(({ state, position }) => state === 'live' && position >= head)
  }
  const look = async (): Promise<void> => {
    const at = performance.now()
    try {
      const head = await store.head()
      answeredAt = at
      if (isWhole(head) || (await projector.reached(head, lookMs))) caughtUpAt = at
    } catch {
      // What does not answer shows in the time since it did.
    }
  }
  let isLooking = false
  const lookUnlessBusy = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    await look()
    isLooking = false
  }
  const timer = setInterval(() => void lookUnlessBusy(), lookMs).unref()
  void lookUnlessBusy()

  return {
    now(): Readiness {
      const at = performance.now()
      const lagSeconds = caughtUpAt === undefined ? null : Math.floor((at - caughtUpAt) / 1_000)
      const views = projector.status()
      const isStopped =
        views.some(({ state }) => state === 'stopped') || processes.status().state === 'stopped'
      if (isStopped) return { status: 'stopped', lagSeconds }
      if (at - answeredAt > BEHIND_MS) return { status: 'unavailable', lagSeconds }
      if (caughtUpAt === undefined || views.some(({ state }) => state === 'building'))
        return { status: 'starting', lagSeconds }
      return { status: at - caughtUpAt > BEHIND_MS ? 'behind' : 'ok', lagSeconds }
    },
    stop: () => clearInterval(timer),
  }
}
