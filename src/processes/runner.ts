import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { categoryOf, idIn, type Recorded } from '#domain/kernel/event.ts'
import type { Page } from '#domain/kernel/event-store.ts'
import type { Occurrence } from '#domain/kernel/metadata.ts'
import type { Watch } from '#domain/kernel/process.ts'
import { japanDate } from '#domain/kernel/time.ts'
import type { ProcessJournal } from '#infra/process-journal/sqlite.ts'
import type { Lease } from '#infra/redis/lease.ts'
import { consequencesOf, type Giving } from './consequences.ts'
import type { FollowedUp } from './followed-up.ts'
import { runningDeadlines } from './running-deadlines.ts'

export type ProcessRunner = {
  /** True when everything up to `position` has been gone through, and what followed from it, too; false when `timeoutMs` passed first. */
  settled(position: bigint, timeoutMs: number): Promise<boolean>
  /**
   * What follows from these facts of one append is recorded, so that the next command finds it: waited for, or, where another
   * node does this work, done here as well, to the same effect.
   */
  followUp(facts: readonly Recorded[], position: bigint, timeoutMs: number): Promise<void>
  /** Whether something follows from this fact that is worth waiting for. */
  concerns(fact: Recorded): boolean
  /** Notes what was missed by now, where that is this node's work; answers how many commands were given. */
  tick(): Promise<number>
  status(): {
    readonly position: bigint
    readonly state: 'running' | 'stopped'
    /** Whether this node gives commands, or keeps itself ready to. */
    readonly acts: boolean
    readonly reason?: string
  }
  stop(): Promise<void>
}

const TICK_BATCH = 200
const RETRY_MS = 500

type Options = Giving & {
  readonly watches: readonly Watch[]
  readonly journal: ProcessJournal
  /** Whether it is this node that acts. The others go along and know what is running. */
  readonly lease: Lease
  readonly followedUp: FollowedUp
  readonly now: () => string
}

/**
 * Follows the log and gives the commands that follow from facts. Killed at any point, or relieved by another node, it begins
 * again where everything is known to be followed up: a consequence that was already recorded is found by its command id.
 */
export const startProcesses = (options: Options): ProcessRunner => {
  const { store, decode, journal, lease, followedUp, now, log } = options
  const consequences = consequencesOf(options)
  const deadlinesOf = runningDeadlines(options.watches, consequences.stateOf)
  const stopping = new AbortController()
  const waiting = new Set<() => void>()
  let position = journal.checkpoint()
  /** Of the newest consequence recorded: it may have consequences of its own. */
  let newest = 0n
  let reason: string | undefined

  const follow = async (fact: Recorded): Promise<readonly Recorded[]> => {
    const outcomes = await consequences.followUp(fact)
    return outcomes.flatMap((outcome) => {
      if (outcome.kind !== 'done') return []
      if (outcome.position !== undefined && outcome.position > newest) newest = outcome.position
      return outcome.facts
    })
  }

  /** False: it is no longer this node's work, and nothing is noted. */
  const work = async ({ events }: Page, acts: boolean): Promise<boolean> => {
    if (acts)
      for (const stored of events) {
        if (!lease.acts()) return false
        if (consequences.isCause(stored)) await follow(decode(stored))
      }
    const last = events.at(-1)
    if (!last) return true
    journal.save(last.position, await deadlinesOf(events))
    position = last.position
    if (acts) followedUp.note(position)
    for (const wake of waiting) wake()
    return true
  }

  const patiently = async <T>(task: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> => {
    while (!signal.aborted) {
      try {
        return await task()
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'StoreUnavailable') throw error
        log.warn({ err: error }, 'processes wait for the event store')
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
    return undefined
  }

  const goAlong = async (acts: boolean, signal: AbortSignal): Promise<void> => {
    if (acts) {
      const done = await patiently(followedUp.read, signal)
      if (done !== undefined && done < position) position = done
    }
    for await (const page of store.follow(position, signal))
      if ((await patiently(() => work(page, acts), signal)) !== true) return
  }

  /** One turn: as the node that acts, or as one that does not, until that changes. */
  const turn = async (): Promise<void> => {
    const changed = new AbortController()
    const acts = lease.acts()
    // Nothing can change between asking and listening: it is one turn of the event loop.
    const stopListening = lease.onChange(() => {
      if (lease.acts() !== acts) changed.abort()
    })
    try {
      log.info({ state: lease.state(), position: String(position) }, 'processes go along the log')
      await goAlong(acts, AbortSignal.any([stopping.signal, changed.signal]))
    } finally {
      stopListening()
      if (acts) await followedUp.flush()
    }
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await patiently(turn, stopping.signal)
      // A page may have been given up just before the change was told.
      await nextTurn()
    }
  }
  const running = run().catch((error: unknown) => {
    reason = error instanceof Error ? error.message : String(error)
    log.error({ err: error, position: String(position) }, 'processes stopped')
  })

  const settled = (wanted: bigint, timeoutMs: number): Promise<boolean> => {
    const isSettled = () => position >= wanted && position >= newest
    if (isSettled()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const settle = (value: boolean) => {
        clearTimeout(timer)
        waiting.delete(wake)
        resolve(value)
      }
      const wake = () => isSettled() && settle(true)
      const timer = setTimeout(() => settle(false), timeoutMs)
      waiting.add(wake)
    })
  }

  return {
    settled,
    concerns: consequences.concerns,
    async followUp(facts, at, timeoutMs) {
      if (lease.acts()) await settled(at, timeoutMs)
      else for (let next = facts; next.length > 0; ) next = (await Promise.all(next.map(follow))).flat()
    },
    status: () => ({
      position,
      state: reason === undefined ? 'running' : 'stopped',
      acts: lease.acts(),
      ...(reason && { reason }),
    }),
    async tick() {
      if (!lease.acts()) return 0
      const at = now()
      const occurrence: Occurrence = { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' }
      let given = 0
      for (const { stream, after, command, data } of journal.missed(at, TICK_BATCH)) {
        if (!lease.acts()) return given
        const consequence = { lifecycle: categoryOf(stream), command, id: idIn(stream), data }
        const commandId = `deadline/${stream}/${command}/${JSON.stringify(data)}/${after}`
        const outcome = await consequences.give(consequence, commandId, occurrence)
        if (outcome.kind === 'done' && (outcome.position ?? 0n) > newest) newest = outcome.position ?? newest
        given += 1
      }
      return given
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
