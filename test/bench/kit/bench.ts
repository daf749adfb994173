/** What a side may use. The run decides it, so that both sides of a bench get the same. */
export type Size = {
  /** Length of a timed loop, after `warmUp` seconds that do not count. */
  readonly seconds: number
  readonly warmUp: number
  /** Events of the large log. */
  readonly many: number
  /** Empty, and gone after this repetition. */
  readonly dir: string
  /** Kept for the whole run: logs that take long to build. */
  readonly kept: string
}

/** `atLeast` and `atMost` on the ratio, or on the value itself where there is nothing to compare with. */
export type Target = { readonly bound: 'atLeast' | 'atMost'; readonly limit: number }

/**
 * One promise of docs about speed. Each side is run once per repetition in a process of its own and answers one figure;
 * what it needs beforehand it prepares untimed.
 */
export type Bench = {
  readonly name: string
  readonly unit: 'events/s' | 'requests/s' | 'deliveries/s' | 'µs' | 'ms'
  readonly target: Target
  /** What a 2xx, or a row, has survived on our side. */
  readonly durability: string
  ours(size: Size): Promise<number>
  readonly against?: { readonly name: string; run(size: Size): Promise<number> }
  /** Why it cannot be run here; undefined when it can. */
  missing?(): Promise<string | undefined>
}

export const atLeast = (limit: number): Target => ({ bound: 'atLeast', limit })
export const atMost = (limit: number): Target => ({ bound: 'atMost', limit })

export const FULL = 'SQLite WAL, synchronous=FULL, answered after COMMIT'
export const READ = 'who reads is written down before the answer: SQLite WAL, synchronous=FULL'
