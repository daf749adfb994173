import { mkdirSync } from 'node:fs'
import type { KeyEncryptionKeys } from '#infra/keys/kept-keys.ts'
import { openPositions, type Positions } from '#infra/positions/sqlite.ts'
import { Engine, isCluster } from '#src/data/engine.ts'
import { positionsFile } from '#src/data/files.ts'
import type { Log } from '#src/log.ts'
import { clusterHouse } from './cluster-house.ts'
import { embeddedSource, embeddedTarget } from './embedded-house.ts'
import type { House } from './house.ts'
import { type Moved, type MoveOptions, moveHouse } from './move.ts'
import { erasedUpToIn, noteErasedUpTo, takeDeadlinesAlong } from './near.ts'
import { NotMoved } from './not-moved.ts'

export type Way = {
  /** A `DATA_DIR`, or the URL of a cluster; one of each. */
  readonly from: string
  readonly to: string
  /** Towards a cluster: what will be the first node's `DATA_DIR`. */
  readonly directory?: string | undefined
  readonly keks: KeyEncryptionKeys
  readonly log: Log
  readonly now: () => string
} & Pick<MoveOptions, 'step' | 'pageSize'>

export type MovedBetween = Moved & {
  readonly from: string
  readonly to: string
  /** Where `positions.db` lies, and what else a node begins with. */
  readonly directory: string
  /** Up to where the processes need not go again; 0: they go over the whole log once. */
  readonly followedUpTo: bigint
}

const STILL_MS = 2_000

export const moveBetween = async (way: Way): Promise<MovedBetween> => {
  const urlIn = (place: string): Engine | undefined => {
    const engine = Engine.safeParse(place)
    return engine.success && isCluster(engine.data) ? engine.data : undefined
  }
  const [from, to] = [urlIn(way.from), urlIn(way.to)]
  if (from !== undefined && to === undefined) return moveBack(way, from)
  if (from === undefined && to !== undefined) return moveToCluster(way, to)
  throw new NotMoved('a log is moved from a DATA_DIR to an esdb:// URL, or from an esdb:// URL to a DATA_DIR')
}

const moveToCluster = (way: Way, url: string): Promise<MovedBetween> => {
  const { from: dataDir, keks, directory = `${dataDir.replace(/\/+$/, '')}.cluster` } = way
  const source = embeddedSource(dataDir)
  const target = clusterHouse({ url, directory, keks, log: way.log })
  return between({ way, source, target, directory, stillMs: 0 }, async ({ erasedUpTo }, positions) => {
    for (const position of [erasedUpTo, mapped(positions, erasedUpToIn(dataDir, keks))]) {
      noteErasedUpTo(directory, position, keks)
      await target.noteErasedUpTo(position)
    }
    const followedUpTo = mapped(positions, await source.followedUpTo())
    takeDeadlinesAlong(dataDir, directory, followedUpTo)
    await target.noteFollowedUpTo(followedUpTo)
    return followedUpTo
  })
}

/** The deadlines that run are in no node's directory that is asked here: the processes find them by going over the log. */
const moveBack = (way: Way, url: string): Promise<MovedBetween> => {
  const { to: directory, keks, log } = way
  if (way.directory !== undefined) throw new NotMoved('--directory is for the way to a cluster')
  const source = clusterHouse({ url, directory: undefined, keks, log })
  const open = () => embeddedTarget(directory)
  return between({ way, source, target: open, directory, stillMs: STILL_MS }, async ({ erasedUpTo }) => {
    noteErasedUpTo(directory, erasedUpTo, keks)
    return 0n
  })
}

const mapped = (positions: Positions, position: bigint): bigint => positions.nowOf(position)?.to ?? 0n

type Between = {
  readonly way: Way
  readonly source: House
  readonly target: House | (() => House)
  readonly directory: string
  readonly stillMs: number
}

const between = async (
  { way, source, target: given, directory, stillMs }: Between,
  carryOver: (moved: Moved, positions: Positions) => Promise<bigint>,
): Promise<MovedBetween> => {
  const opened: { close(): unknown }[] = [source]
  try {
    const target = typeof given === 'function' ? given() : given
    opened.push(target)
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const positions = openPositions(positionsFile(directory))
    opened.push(positions)
    const moved = await moveHouse({ ...way, source, target, positions, stillMs })
    const followedUpTo = await carryOver(moved, positions)
    positions.finish(way.now())
    return { ...moved, from: source.name, to: target.name, directory, followedUpTo }
  } finally {
    for (const one of opened.reverse()) await one.close()
  }
}
