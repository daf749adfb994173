import { setTimeout as sleep } from 'node:timers/promises'
import { type AnyEvent, categoryOf, idIn, type Recorded, type StreamName } from '#domain/kernel/event.ts'
import type { EventStore, Page, Stored } from '#domain/kernel/event-store.ts'
import type { AnyState, Lifecycle } from '#domain/kernel/lifecycle.ts'
import { type Occurrence, systemActor } from '#domain/kernel/metadata.ts'
import type { Consequence, Deadline, Process, Watch } from '#domain/kernel/process.ts'
import { addHours, japanDate } from '#domain/kernel/time.ts'
import type { ProcessJournal } from '#infra/process-journal/sqlite.ts'
import type { Log } from '#src/log.ts'
import type { Execute } from '#src/write/execute.ts'

export type ProcessRunner = {
  /** True when everything up to `position` has been followed up, and what followed from it, too; false when `timeoutMs` passed first. */
  settled(position: bigint, timeoutMs: number): Promise<boolean>
  /** Whether something follows from this fact that is worth waiting for. */
  concerns(fact: Recorded): boolean
  /** Notes what was missed by now; answers how many commands were given. */
  tick(): Promise<number>
  status(): { readonly position: bigint; readonly state: 'running' | 'stopped'; readonly reason?: string }
  stop(): Promise<void>
}

/** A deadline that had passed before anybody knew of it is not a miss of today: a day to record what happened since (R-LIF-5). */
const HOURS_OF_GRACE = 24
const TICK_BATCH = 200
const RETRY_MS = 500

type Options = {
  readonly store: EventStore
  readonly decode: (stored: Stored) => Recorded<AnyEvent>
  readonly lifecycles: readonly Lifecycle[]
  readonly processes: readonly Process[]
  readonly watches: readonly Watch[]
  readonly execute: Execute
  readonly journal: ProcessJournal
  readonly now: () => string
  readonly log: Log
}

/**
 * Follows the log and gives the commands that follow from facts. Killed at any point it begins again at its last checkpoint:
 * a consequence that was already recorded is found by its command id.
 */
export const startProcesses = (options: Options): ProcessRunner => {
  const { store, decode, execute, journal, now, log } = options
  const lifecycles = new Map(options.lifecycles.map((lifecycle) => [lifecycle.name, lifecycle]))
  const watches = new Map(options.watches.map((watch) => [watch.lifecycle, watch]))
  const stopping = new AbortController()
  const waiting = new Set<() => void>()
  let position = journal.checkpoint()
  /** Of the newest consequence recorded: it may have consequences of its own. */
  let newest = 0n
  let reason: string | undefined

  const lifecycleOf = (name: string): Lifecycle => {
    const lifecycle = lifecycles.get(name)
    if (!lifecycle) throw new Error(`no lifecycle ${name}`)
    return lifecycle
  }

  const stateOf = async (lifecycle: Lifecycle, stream: StreamName): Promise<AnyState> => {
    const events = (await store.read(stream)).map(decode)
    return events.reduce<AnyState>(
      (state, event) => lifecycle.evolve(state, event, event.metadata),
      lifecycle.initial,
    )
  }

  const stateOfIts = ({ stream }: Stored): Promise<AnyState> =>
    stateOf(lifecycleOf(categoryOf(stream)), stream)

  const give = async (
    { lifecycle: name, command, id, data }: Consequence,
    commandId: string,
    occurrence: Occurrence,
    cause?: Recorded,
  ): Promise<void> => {
    const lifecycle = lifecycleOf(name)
    const spec = lifecycle.commands[command]
    if (!spec) throw new Error(`${name} has no command ${command}`)
    const outcome = await execute({
      lifecycle,
      name: command,
      id,
      data: spec.schema.parse(data),
      actor: systemActor,
      occurrence,
      commandId,
      ...(cause && { causationId: cause.id, correlationId: cause.metadata.correlationId }),
    })
    if (outcome.kind === 'done' && outcome.position !== undefined && outcome.position > newest)
      newest = outcome.position
    // The other stream has moved on by itself (closed by hand, say): the fact stays, there is nothing to add.
    if (outcome.kind !== 'done')
      log.warn({ command, outcome: outcome.kind, cause: cause?.type }, 'consequence not recorded')
  }

  const followUp = async (stored: Stored): Promise<void> => {
    const reactions = options.processes.filter(({ on }) => stored.type in on)
    if (reactions.length === 0) return
    const event = decode(stored)
    for (const { name, on } of reactions) {
      const reaction = on[event.type]?.(event) ?? []
      const consequences = typeof reaction === 'function' ? reaction(await stateOfIts(stored)) : reaction
      for (const [i, consequence] of consequences.entries())
        await give(consequence, `${name}/${event.id}/${i}`, event.metadata, event)
    }
  }

  /** What the streams of this page have running now; a whole page of one stream is folded once. */
  const deadlinesOf = async (events: readonly Stored[]) => {
    const changed = new Map<StreamName, readonly Deadline[]>()
    const last = new Map(events.map(({ stream, recordedAt }) => [stream, recordedAt]))
    for (const [stream, recordedAt] of last) {
      const watch = watches.get(categoryOf(stream))
      if (!watch) continue
      const running = watch.deadlines(await stateOf(lifecycleOf(watch.lifecycle), stream))
      const known = (after: string) => (after > recordedAt ? after : addHours(recordedAt, HOURS_OF_GRACE))
      changed.set(
        stream,
        running.map((deadline) => ({ ...deadline, after: known(deadline.after) })),
      )
    }
    return changed
  }

  const work = async ({ events }: Page): Promise<void> => {
    for (const event of events) await followUp(event)
    const last = events.at(-1)
    if (!last) return
    journal.save(last.position, await deadlinesOf(events))
    position = last.position
    for (const wake of waiting) wake()
  }

  const run = async (): Promise<void> => {
    for await (const page of store.follow(position, stopping.signal)) {
      while (!stopping.signal.aborted) {
        try {
          await work(page)
          break
        } catch (error) {
          if (!(error instanceof Error) || error.name !== 'StoreUnavailable') throw error
          log.warn({ err: error }, 'processes wait for the event store')
          await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
        }
      }
    }
  }

  const running = run().catch((error: unknown) => {
    reason = error instanceof Error ? error.message : String(error)
    log.error({ err: error, position: String(position) }, 'processes stopped')
  })

  return {
    concerns: (fact) =>
      options.processes.some(({ on }) => {
        const reaction = on[fact.type]?.(fact)
        return typeof reaction === 'function' || (reaction?.length ?? 0) > 0
      }),
    status: () => ({
      position,
      state: reason === undefined ? 'running' : 'stopped',
      ...(reason && { reason }),
    }),
    async settled(wanted, timeoutMs) {
      const isSettled = () => position >= wanted && position >= newest
      if (isSettled()) return true
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
    },
    async tick() {
      const at = now()
      const missed = journal.missed(at, TICK_BATCH)
      const occurrence: Occurrence = { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' }
      for (const { stream, after, command, data } of missed) {
        const consequence = { lifecycle: categoryOf(stream), command, id: idIn(stream), data }
        await give(consequence, `deadline/${stream}/${command}/${JSON.stringify(data)}/${after}`, occurrence)
      }
      return missed.length
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
