/** Of a rebuild: positions of the log, folded and to be folded. */
export type OnProgress = (done: bigint, total: bigint) => void

type Waiting = {
  readonly report: (done: bigint) => void
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Who waits for which view to be built anew. */
export const rebuilds = () => {
  const waiting = new Map<string, Waiting>()
  const settle = (name: string, how: (one: Waiting) => void) => {
    const one = waiting.get(name)
    waiting.delete(name)
    if (one) how(one)
  }
  return {
    names: () => [...waiting.keys()],
    /** One that was waited for under this name is given up. */
    expect(name: string, report: (done: bigint) => void): Promise<void> {
      settle(name, ({ reject }) => reject(new Error(`another rebuild of ${name} has begun`)))
      return new Promise((resolve, reject) => {
        waiting.set(name, { report, resolve, reject })
      })
    },
    report(names: readonly string[], done: bigint) {
      // Views that are rebuilt together have one who listens.
      for (const report of new Set(names.map((name) => waiting.get(name)?.report))) report?.(done)
    },
    done: (name: string) => settle(name, ({ resolve }) => resolve()),
    failed: (name: string, reason: string) => settle(name, ({ reject }) => reject(new Error(reason))),
  }
}
