import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, Size } from './bench.ts'
import { fdatasyncPerSecond } from './probe.ts'
import { gone, nextMessage, startProgram } from './process.ts'

export type Side = 'ours' | 'theirs'
type Figures = Readonly<Record<Side, number[]>>

/** Everything that was measured of one bench. `missing`: why it was not. */
export type Run = {
  readonly bench: Bench
  readonly figures: Figures
  readonly probes: number[]
  missing?: string
  isBroken?: true
}

export type Plan = {
  readonly benches: readonly Bench[]
  readonly repetitions: number
  readonly size: Omit<Size, 'dir' | 'kept'>
  /** Where everything is written: the disk that is measured. */
  readonly place: string
  /** Node's own options for the programs of both sides, such as `--cpu-prof`. */
  readonly nodeArgs: readonly string[]
  readonly tell: (text: string) => void
}

/** Repetitions are the outer loop, so that an hour that is bad for one is bad for all; whoever goes first takes turns. */
export const runAll = async (plan: Plan): Promise<readonly Run[]> => {
  const { benches, repetitions, place } = plan
  mkdirSync(place, { recursive: true })
  const kept = mkdtempSync(join(place, 'run-'))
  const runs = benches.map((bench): Run => ({ bench, figures: { ours: [], theirs: [] }, probes: [] }))
  try {
    for (const run of runs) {
      const missing = await run.bench.missing?.()
      if (missing !== undefined) run.missing = missing
    }
    for (let repetition = 0; repetition < repetitions; repetition++)
      for (const run of runs) if (run.missing === undefined) await attempt(run, repetition, kept, plan)
    return runs
  } finally {
    rmSync(kept, { recursive: true, force: true })
  }
}

/** One that breaks does not take the others with it. */
const attempt = async (run: Run, repetition: number, kept: string, plan: Plan): Promise<void> => {
  try {
    await repeat(run, repetition, kept, plan)
  } catch (error) {
    run.missing = `broken, ${error instanceof Error ? error.message : error}`
    run.isBroken = true
    plan.tell(`${run.bench.name}: ${run.missing}`)
  }
}

const repeat = async (run: Run, repetition: number, kept: string, plan: Plan): Promise<void> => {
  const { bench, figures, probes } = run
  const sides: readonly Side[] = bench.against ? ['ours', 'theirs'] : ['ours']
  for (const side of repetition % 2 === 0 ? sides : sides.toReversed()) {
    const dir = mkdtempSync(join(kept, 'side-'))
    try {
      const probe = fdatasyncPerSecond(dir)
      const begun = performance.now()
      const figure = await measure(bench, side, { ...plan.size, dir, kept }, plan.nodeArgs)
      probes.push(probe)
      figures[side].push(figure)
      const took = ((performance.now() - begun) / 1_000).toFixed(0)
      plan.tell(
        `${bench.name} ${side} ${figure.toPrecision(4)} ${bench.unit} (${took} s, ${probe.toFixed(0)} fdatasync/s)`,
      )
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

const measure = async (
  bench: Bench,
  side: Side,
  size: Size,
  nodeArgs: readonly string[],
): Promise<number> => {
  const program = startProgram(
    new URL('./side.ts', import.meta.url),
    [bench.name, side, JSON.stringify(size)],
    nodeArgs,
  )
  try {
    const { figure } = await nextMessage<{ figure: number }>(program)
    if (!Number.isFinite(figure) || figure <= 0)
      throw new Error(`${bench.name} ${side}: ${figure} is no figure`)
    await gone(program)
    return figure
  } finally {
    program.kill()
  }
}
