import { setTimeout as sleep } from 'node:timers/promises'
import type { AnyEvent, Recorded } from '#domain/kernel/event.ts'
import { type EventStore, type Stored, StoreUnavailable } from '#domain/kernel/event-store.ts'
import type { Projection } from '#domain/kernel/projection.ts'
import { CheckpointMoved, isDamage, isOfStore } from '#infra/read-store/errors.ts'
import type { Fold } from '#infra/read-store/fold.ts'
import type { ReadStoreWriter } from '#infra/read-store/writer.ts'
import type { Log } from '#src/log.ts'
import { type Failure, type Lane, makeLane, runLane } from './lane.ts'
import { byPosition, foldsFor, isNewer } from './plan.ts'
import { type ProjectionStatus, progress } from './progress.ts'
import { type OnProgress, rebuilds } from './rebuilds.ts'

export type Runner = {
  /** All live views, or the one of this name, hold everything up to `position`; false when `timeoutMs` passed first. */
  reached(position: bigint, timeoutMs: number, name?: string): Promise<boolean>
  status(): readonly ProjectionStatus[]
  /** Builds one view, or all, anew beside what is read; resolves after the swap, rejects when it cannot be built. */
  rebuild(name?: string, onProgress?: OnProgress): Promise<void>
  /** A reader has found the file damaged: it is set aside, and a new one built from the log. */
  renew(cause: unknown, identity?: string): void
  stop(): Promise<void>
}

export type RunnerOptions = {
  readonly store: EventStore
  readonly writer: ReadStoreWriter
  readonly projections: readonly Projection[]
  readonly decode: (stored: Stored) => Recorded<AnyEvent>
  readonly log: Log
  /** After every commit and every change of state. */
  readonly onStatus?: (statuses: readonly ProjectionStatus[]) => void
}

const RETRY_MS = 500

/**
 * Folds the log into the views. Those at its end follow it together in the live lane; what is behind, new or being rebuilt
 * catches up in a lane of its own and joins. A projection that cannot get over an event stops there, loudly.
 */
export const startRunner = (options: RunnerOptions): Runner => {
  const { store, writer, projections, decode, log, onStatus } = options
  const told = progress()
  const awaited = rebuilds()
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const lanes = new Set<Lane>()
  const stopped = new Map<string, ProjectionStatus>()
  let live: Lane | undefined

  const folds = (): readonly Fold[] => [...lanes].flatMap((lane) => [...lane.folds])
  const foldsOf = (name: string) => folds().filter(({ of }) => of.name === name)

  const statusOf = ({ name, version }: Projection): ProjectionStatus => {
    const mine = foldsOf(name)
    const fold = mine.find(({ generation }) => generation.live) ?? mine[0]
    const before = stopped.get(name) ?? told.status().find((one) => one.name === name)
    if (stopped.has(name) || !fold) return before ?? { name, version, position: 0n, state: 'building' }
    return { name, version, position: fold.committed(), state: fold.generation.live ? 'live' : 'building' }
  }
  const report = () => {
    const statuses = projections.map(statusOf)
    told.report(statuses)
    onStatus?.(statuses)
  }

  const leaveLanes = (leaves: (fold: Fold) => boolean) => {
    for (const lane of lanes) for (const fold of lane.folds) if (leaves(fold)) lane.folds.delete(fold)
  }
  const end = (lane: Lane) => {
    lanes.delete(lane)
    if (live === lane) live = undefined
  }

  const stop = ({ name, version }: Projection, position: bigint, reason: string, stoppedAt?: bigint) => {
    stopped.set(name, {
      name,
      version,
      position,
      state: 'stopped',
      reason,
      ...(stoppedAt !== undefined && { stoppedAt }),
    })
    awaited.failed(name, `${name} has stopped: ${reason}`)
  }

  const failed = (lane: Lane, failures: readonly Failure[]) => {
    for (const { fold, at, error } of failures) {
      const { name, version } = fold.of
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
      log.error(
        { projection: name, version, position: String(at), reason, err: error },
        'projection stopped at an event it cannot get over; nothing is skipped',
      )
      lane.folds.delete(fold)
      const stillLive = foldsOf(name).some(({ generation }) => generation.live)
      if (!stillLive) stop(fold.of, fold.committed(), reason, at)
      else {
        writer.discard(fold.generation)
        awaited.failed(name, `${name} cannot be built anew: ${reason}`)
      }
    }
    report()
  }

  const commit = (lane: Lane) => {
    writer.commit([...lane.folds])
    const building = [...lane.folds].filter(({ generation }) => !generation.live)
    awaited.report(
      building.map(({ of }) => of.name),
      lane.position,
    )
    report()
  }

  /** What was built beside takes the place of what is read. */
  const publish = (lane: Lane, fold: Fold) => {
    const { name, version } = fold.of
    const generation = writer.publish(fold)
    leaveLanes(({ of }) => of.name === name)
    lane.folds.add(writer.fold(fold.of, generation))
    stopped.delete(name)
    awaited.done(name)
    log.info({ projection: name, version, position: String(generation.position) }, 'view built')
  }

  /** Neither the live lane nor what people read ever goes back. */
  const isBehind = (lane: Lane): boolean =>
    (live !== undefined && lane.position < live.position) ||
    [...lane.folds].some(({ of, position }) =>
      foldsOf(of.name).some((other) => other.generation.live && other.position() > position()),
    )

  const caughtUp = (lane: Lane): boolean => {
    if (isBehind(lane)) return false
    for (const fold of [...lane.folds]) if (!fold.generation.live) publish(lane, fold)
    live ??= lane
    const joins = live !== lane
    if (joins) {
      for (const fold of lane.folds) live.folds.add(fold)
      end(lane)
    }
    report()
    return joins
  }

  const run = async (lane: Lane): Promise<void> => {
    try {
      await runLane(lane, { store, decode, commit, failed, caughtUp })
      end(lane)
    } catch (error) {
      end(lane)
      if (!lane.abort.signal.aborted) await recover(lane, error)
    }
  }

  const start = (lane: Lane) => {
    lanes.add(lane)
    const task = run(lane)
      .catch((error: unknown) => log.fatal({ err: error }, 'the projector has failed'))
      .finally(() => running.delete(task))
    running.add(task)
  }

  const launch = (what: readonly Fold[]) => {
    if (stopping.signal.aborted) return
    for (const [position, together] of byPosition(what)) start(makeLane(together, position))
    report()
  }

  /** From what the file says now. */
  const launchAgain = (again: readonly Projection[]) => {
    const names = new Set(again.map(({ name }) => name))
    leaveLanes(({ of }) => names.has(of.name))
    const newer = again.filter((of) => isNewer(writer, of))
    for (const of of newer) {
      log.error({ projection: of.name, version: of.version }, 'a newer program has taken over this view')
      stop(of, 0n, 'a newer program has taken over this view')
    }
    const found = again.filter((of) => !newer.includes(of)).flatMap((of) => foldsFor(writer, of))
    launch(found)
    for (const name of awaited.names())
      if (foldsOf(name).every(({ generation }) => generation.live)) awaited.done(name)
  }

  const renew = (cause: unknown, identity?: string) => {
    for (const lane of lanes) {
      lane.abort.abort()
      end(lane)
    }
    stopped.clear()
    writer.renew(cause, identity)
    launchAgain(projections)
  }

  const handle = async (lane: Lane, error: unknown): Promise<void> => {
    const again = projections.filter((of) => [...lane.folds].some((fold) => fold.of === of))
    if (isDamage(error)) return renew(error)
    if (error instanceof CheckpointMoved)
      log.info({ projection: error.message }, 'another projector has moved on; going on from there')
    else if (isOfStore(error) || error instanceof StoreUnavailable) {
      log.warn({ err: error }, 'projections wait for a store')
      await sleep(RETRY_MS, undefined, { signal: stopping.signal, ref: false })
    } else
      return failed(
        lane,
        [...lane.folds].map((fold) => ({ fold, at: lane.position, error })),
      )
    launchAgain(again)
  }

  const recover = async (lane: Lane, first: unknown): Promise<void> => {
    for (let error = first; !stopping.signal.aborted; ) {
      try {
        return await handle(lane, error)
      } catch (next) {
        error = next
      }
    }
  }

  launch(projections.flatMap((of) => foldsFor(writer, of)))

  return {
    reached: told.reached,
    status: told.status,
    renew,
    async rebuild(name, onProgress) {
      const which = projections.filter((of) => name === undefined || of.name === name)
      if (which.length === 0) throw new RangeError(`there is no projection ${name}`)
      const total = await store.head()
      if (stopping.signal.aborted) throw new Error('the projector is stopped')
      const anew = which.map((of) => writer.fold(of, writer.begin(of)))
      leaveLanes(({ of, generation }) => which.includes(of) && !generation.live)
      const report = (done: bigint) => onProgress?.(done, total)
      const built = which.map((of) => awaited.expect(of.name, report))
      launch(anew)
      await Promise.all(built)
    },
    async stop() {
      stopping.abort()
      for (const lane of lanes) lane.abort.abort()
      for (const name of awaited.names()) awaited.failed(name, 'the projector was stopped')
      while (running.size > 0) await Promise.all(running)
    },
  }
}
