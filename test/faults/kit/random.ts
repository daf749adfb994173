import { randomInt } from 'node:crypto'

export type Random = {
  /** From 0 up to 1. */
  next(): number
  between(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

/** Said by every test that draws lots, and taken from it to draw the same again. */
export const seed = Number(process.env.SEED ?? randomInt(2 ** 31))

/** Small and repeatable: the same start gives the same numbers. */
export const randomFrom = (start: number): Random => {
  let state = start
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
    pick(from) {
      const one = from[Math.floor(next() * from.length)]
      if (one === undefined) throw new Error('nothing to pick from')
      return one
    },
  }
}
