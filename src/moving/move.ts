import { setTimeout as sleep } from 'node:timers/promises'
import { differenceOfKeys, type KeptKeys, type KeyEncryptionKeys, nameOfKeys } from '#infra/keys/kept-keys.ts'
import type { Positions } from '#infra/positions/sqlite.ts'
import type { House } from './house.ts'
import { NotMoved } from './not-moved.ts'
import { BEGINNING, type Places, readSideBySide } from './side-by-side.ts'
import { type Verified, verifier } from './verify.ts'

export const phases = ['looking', 'keys', 'events', 'verifying', 'waiting'] as const
export type Phase = (typeof phases)[number]

export type MoveOptions = {
  readonly source: House
  readonly target: House
  readonly keks: KeyEncryptionKeys
  readonly positions: Positions
  readonly step: (phase: Phase, done: number | bigint, total: number | bigint) => void
  readonly pageSize?: number
  /** How long nothing may be added to the source until it counts as standing still. 0: nobody can add anything. */
  readonly stillMs: number
}

export type Moved = Verified & {
  /** Copied by this run; the rest was there. */
  readonly copied: number
  /** Of them, written by somebody while the others were copied. */
  readonly grown: number
}

/** Comparing costs nothing beside reading; so many events may be megabytes each. */
const PAGE = 500

/**
 * Copies the log, keys first, and holds what was copied against the source. The target itself says how far an earlier run has come, so
 * it may be killed anywhere and run again.
 * @throws NotMoved    refused, or found different: nothing that was there is changed
 * @throws KeyMissing  the source's keys lie under another key-encryption key
 */
export const moveHouse = async (options: MoveOptions): Promise<Moved> => {
  const { source, target, keks, positions, step, stillMs, pageSize = PAGE } = options
  let keys = await keysOf(source)
  const name = nameOfKeys(keys, keks)
  const head = await target.head()
  step('looking', 0, head)
  let places = await readSideBySide({ source, target }, BEGINNING, pageSize, (_, now) =>
    step('looking', now.target, head),
  )
  await refuseOtherKeys(target, keys, name, keks)
  positions.begin()

  const verify = verifier({ source, target, positions, pageSize })
  const takeKeys = () => {
    step('keys', 0, keys.keys.length)
    return target.takeKeys(keys, (done, total) => step('keys', done, total))
  }
  let copied = 0
  let grown = 0
  await takeKeys()
  for (;;) {
    const before = places.count
    places = await copyFrom(places, options, pageSize)
    // Whoever has written meanwhile may have made keys.
    const now = await keysOf(source)
    if (differenceOfKeys(now, keys) !== undefined) {
      keys = now
      await takeKeys()
    }
    if (copied > 0) grown += places.count - before
    copied += places.count - before
    const verified = await verify(keys, (done, total) => step('verifying', done, total))
    if (verified.places.count !== places.count)
      throw new NotMoved(
        `${target.name} holds ${verified.places.count} events, ${source.name} ${places.count}`,
      )
    if (stillMs > 0) step('waiting', 0, 1)
    await sleep(stillMs)
    if ((await source.after(places.source, 1)).length === 0) return { ...verified, copied, grown }
    places = { ...places, target: verified.places.target }
  }
}

const keysOf = async (house: House): Promise<KeptKeys> => {
  const keys = await house.keys()
  if (!keys) throw new NotMoved(`${house.name} has no keys: a log is moved with them, or not at all`)
  return keys
}

const refuseOtherKeys = async (
  target: House,
  keys: KeptKeys,
  name: string,
  keks: KeyEncryptionKeys,
): Promise<void> => {
  const there = await target.keys()
  if (!there) return
  const known = new Set(keys.keys.map(({ id }) => id))
  if (nameOfKeys(there, keks) !== name || there.keys.some(({ id }) => !known.has(id)))
    throw new NotMoved(`${target.name} has keys of its own already: choose an empty place`)
}

const copyFrom = async (
  from: Places,
  { source, target, step }: MoveOptions,
  pageSize: number,
): Promise<Places> => {
  let { source: position, count } = from
  const head = await source.head()
  step('events', position, head)
  for (;;) {
    const events = await source.after(position, pageSize)
    const last = events.at(-1)
    if (!last) return { ...from, source: position, count }
    await target.append(events)
    position = last.position
    count += events.length
    step('events', position, head)
  }
}
