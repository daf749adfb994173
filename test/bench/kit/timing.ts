import { setTimeout as sleep } from 'node:timers/promises'
import type { Size } from './bench.ts'

type Loop = Pick<Size, 'seconds' | 'warmUp'>

/** How many a second `callers` loops get answered, side by side, once warm. A rejection ends the bench. */
export const perSecond = async (
  callers: number,
  { seconds, warmUp }: Loop,
  one: (caller: number) => Promise<unknown>,
): Promise<number> => {
  let answered = 0
  let over = false
  const loop = async (caller: number) => {
    while (!over) {
      await one(caller)
      answered += 1
    }
  }
  const loops = Promise.all(Array.from({ length: callers }, (_, caller) => loop(caller)))
  const clock = async () => {
    await sleep(warmUp * 1_000)
    const before = answered
    const begun = performance.now()
    await sleep(seconds * 1_000)
    return ((answered - before) * 1_000) / (performance.now() - begun)
  }
  try {
    return await Promise.race([clock(), loops.then(() => Number.NaN)])
  } finally {
    over = true
    await loops
  }
}

/** As `perSecond`, for work that never waits: each call does `amount` at once. */
export const perSecondInTurn = ({ seconds, warmUp }: Loop, amount: number, one: () => void): number => {
  const repeat = (forSeconds: number) => {
    const begun = performance.now()
    let calls = 0
    while (performance.now() - begun < forSeconds * 1_000) {
      one()
      calls += 1
    }
    return (calls * amount * 1_000) / (performance.now() - begun)
  }
  repeat(warmUp)
  return repeat(seconds)
}

/** Microseconds of each call, one after the other, once warm. */
export const durations = async (
  { seconds, warmUp }: Loop,
  one: () => Promise<unknown> | unknown,
): Promise<readonly number[]> => {
  const samples: number[] = []
  const warmAt = performance.now() + warmUp * 1_000
  const endAt = warmAt + seconds * 1_000
  for (let begun = performance.now(); begun < endAt; ) {
    await one()
    const now = performance.now()
    if (begun >= warmAt) samples.push((now - begun) * 1_000)
    begun = now
  }
  return samples
}
