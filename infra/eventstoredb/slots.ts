import { TimedOut } from './errors.ts'

/** At most `count` at a time; whoever waits is let in in the order of arrival, or told after `ms`. */
export const slots = (count: number) => {
  const waiting = new Set<() => void>()
  let free = count
  return {
    /** @throws TimedOut */
    async take(ms: number): Promise<void> {
      if (free > 0) {
        free -= 1
        return
      }
      await new Promise<void>((resolve, reject) => {
        const enter = () => {
          clearTimeout(timer)
          resolve()
        }
        const timer = setTimeout(() => {
          waiting.delete(enter)
          reject(new TimedOut(`no free call within ${ms} ms`))
        }, ms)
        waiting.add(enter)
      })
    },
    give(): void {
      const [next] = waiting
      if (!next) {
        free += 1
        return
      }
      waiting.delete(next)
      next()
    },
  }
}
