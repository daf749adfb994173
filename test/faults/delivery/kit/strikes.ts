import { setTimeout as pause } from 'node:timers/promises'
import type { TestRedis } from '#test/kit/redis.ts'
import { eventually } from '../../kit/node.ts'
import type { Random } from '../../kit/random.ts'

const SOON = 30_000

/**
 * Kills Redis again and again while something is under way; now and then it stays down for a second, and once it forgets everything
 * while it runs. Every third time it is let be until an attempt has gone over it to a worker. Ends with its last restart.
 */
export const strike = async (options: {
  readonly redis: TestRedis
  readonly random: Random
  readonly kills: number
  readonly isUnderWay: () => boolean
  /** How many attempts workers have carried out. */
  readonly carriedOut: () => number
  /** While Redis is down. */
  readonly atQuarter: () => Promise<void>
}): Promise<void> => {
  const { redis, random, kills, isUnderWay, carriedOut, atQuarter } = options
  const goesOverWorkers = (what: string) => {
    const before = carriedOut()
    return eventually(what, () => carriedOut() > before, SOON)
  }
  await goesOverWorkers('attempts go over the workers')
  for (let kill = 1; kill <= kills; kill++) {
    await eventually('an attempt is under way', isUnderWay, SOON)
    await redis.kill()
    if (kill % 4 === 0) await pause(random.between(800, 1_500))
    if (kill === kills / 4) await atQuarter()
    await redis.restart()
    if (kill === kills) return
    if (kill % 3 === 0) await goesOverWorkers(`they go over the workers again after restart ${kill}`)
    else await pause(random.between(0, 1_000))
    if (kill === kills / 2) await redis.flush()
  }
}
