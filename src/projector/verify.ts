import { rmSync } from 'node:fs'
import type { AnyEvent, Recorded } from '#domain/kernel/event.ts'
import type { EventStore, Stored } from '#domain/kernel/event-store.ts'
import type { Projection, Secrets } from '#domain/kernel/projection.ts'
import type { Fingerprint } from '#infra/read-store/fingerprint.ts'
import type { Fold } from '#infra/read-store/fold.ts'
import { openReadStore } from '#infra/read-store/read-store.ts'
import { openReadStoreWriter, type ReadStoreWriter } from '#infra/read-store/writer.ts'
import type { OnProgress } from './rebuilds.ts'

/** `live` and `rebuilt` are digests of all rows; undefined where there is none to compare. */
export type Verdict = {
  readonly name: string
  readonly version: number
  readonly position: bigint
  readonly live: string | undefined
  readonly rebuilt: string | undefined
  readonly equal: boolean
  readonly reason?: string
}

export type VerifyOptions = {
  readonly store: EventStore
  readonly file: string
  readonly projections: readonly Projection[]
  readonly decode: (stored: Stored) => Recorded<AnyEvent>
  /** For views that look up blind. */
  readonly secrets?: Secrets
  readonly onProgress?: OnProgress
}

const PAGE = 500
const EVENTS_PER_COMMIT = 4_000

type Trial = { readonly of: Projection; readonly live: Fingerprint; readonly fold: Fold; reason?: string }

/**
 * Folds the log once more into a file of its own, each view up to where the live one stands, and compares. Beside a running
 * projector: what it commits meanwhile is not looked at.
 */
export const verifyViews = async (options: VerifyOptions): Promise<readonly Verdict[]> => {
  const { file, projections } = options
  const scratch = `${file}.verify-${process.pid}`
  const liveOnes = fingerprintsOf(file, projections)
  const writer = openReadStoreWriter({ file: scratch, ...(options.secrets && { secrets: options.secrets }) })
  try {
    const trials = projections.flatMap((of): readonly Trial[] => {
      const live = liveOnes.get(of.name)
      return live?.version === of.version ? [{ of, live, fold: writer.fold(of, writer.begin(of)) }] : []
    })
    await foldAgain(trials, writer, options)
    for (const { fold } of trials) writer.publish(fold)
    const rebuilt = fingerprintsOf(scratch, projections)
    return projections.map((of) =>
      verdict(
        of,
        liveOnes.get(of.name),
        rebuilt.get(of.name),
        trials.find((trial) => trial.of === of),
      ),
    )
  } finally {
    writer.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(scratch + suffix, { force: true })
  }
}

const fingerprintsOf = (
  file: string,
  projections: readonly Projection[],
): ReadonlyMap<string, Fingerprint> => {
  const views = openReadStore({ file })
  try {
    return new Map(
      projections.flatMap(({ name }): readonly [string, Fingerprint][] => {
        const fingerprint = views.fingerprint(name)
        return fingerprint ? [[name, fingerprint]] : []
      }),
    )
  } finally {
    views.close()
  }
}

const foldAgain = async (
  trials: readonly Trial[],
  writer: ReadStoreWriter,
  { store, decode, onProgress }: VerifyOptions,
): Promise<void> => {
  const total = furthest(trials)
  let position = 0n
  let uncommitted = 0
  while (position < total) {
    const events = await store.after(position, PAGE)
    const last = events.at(-1)
    if (!last) return
    for (const stored of events) if (stored.position <= total) applyToAll(trials, decode(stored))
    position = last.position
    uncommitted += events.length
    if (uncommitted < EVENTS_PER_COMMIT && position < total) continue
    writer.commit(trials.map(({ fold }) => fold))
    uncommitted = 0
    onProgress?.(position < total ? position : total, total)
  }
}

const furthest = (trials: readonly Trial[]): bigint => {
  let most = 0n
  for (const { live } of trials) if (live.position > most) most = live.position
  return most
}

const applyToAll = (trials: readonly Trial[], event: Recorded<AnyEvent>): void => {
  for (const trial of trials) {
    if (trial.reason !== undefined || event.position > trial.live.position) continue
    try {
      trial.fold.apply(event)
    } catch (error) {
      trial.reason = `at position ${event.position}: ${error instanceof Error ? error.message : 'unknown'}`
    }
  }
}

const verdict = (
  { name, version }: Projection,
  live: Fingerprint | undefined,
  again: Fingerprint | undefined,
  trial: Trial | undefined,
): Verdict => {
  const rebuilt = trial && trial.reason === undefined ? again?.digest : undefined
  const reason = trial ? trial.reason : 'no live view of this version'
  return {
    name,
    version,
    position: live?.position ?? 0n,
    live: live?.digest,
    rebuilt,
    equal: rebuilt !== undefined && rebuilt === live?.digest && again?.position === live.position,
    ...(reason !== undefined && { reason }),
  }
}
