import type { ChildProcess } from 'node:child_process'
import type { Size } from './bench.ts'
import type { Commit, Committed } from './delivering.ts'
import type { Expect, Taken, Urls } from './delivery-receivers.ts'
import { gone, nextMessage, startProgram } from './process.ts'

export const HEALTHY = 3
const SLOW_MS = 500

type Delivered = Taken & Committed

/** The program, three endpoints that answer at once, one that takes half a second, one where nobody listens; a process each for both sides. */
export const withDeliveries = async <T>(
  size: Size,
  work: (deliver: (commit: Commit) => Promise<Delivered>) => Promise<T>,
): Promise<T> => {
  const receivers = startProgram(new URL('./delivery-receivers.ts', import.meta.url), [
    String(HEALTHY),
    String(SLOW_MS),
  ])
  const { healthy, slow, dead } = await nextMessage<Urls>(receivers)
  const profile = process.execArgv.filter((option) => option.startsWith('--cpu-prof'))
  const urls = JSON.stringify([...healthy, slow, dead])
  const house = startProgram(new URL('./delivering.ts', import.meta.url), [size.dir, urls], profile)
  await nextMessage<'ready'>(house)
  try {
    return await work((commit) => delivered(house, receivers, commit))
  } finally {
    house.send('stop')
    await gone(house)
    receivers.kill()
  }
}

const delivered = async (
  house: ChildProcess,
  receivers: ChildProcess,
  commit: Commit,
): Promise<Delivered> => {
  receivers.send({ expect: commit.commit * HEALTHY, whole: commit.perSecond !== undefined } satisfies Expect)
  house.send(commit)
  const [committed, taken] = await Promise.all([nextMessage<Committed>(house), nextMessage<Taken>(receivers)])
  return { ...committed, ...taken }
}
