import type { Target } from './bench.ts'
import type { Run } from './run.ts'
import { median, rounded } from './stats.ts'

/** One line of `--json`. `n`, `min` and `max` are of `value`; all are null or 0 where it could not be run. */
export type Measurement = {
  readonly name: string
  readonly value: number | null
  readonly unit: string
  readonly against: string | null
  readonly againstValue: number | null
  readonly ratio: number | null
  readonly target: string
  readonly n: number
  readonly min: number | null
  readonly max: number | null
  readonly durability: string
}

export const measurementOf = ({ bench, figures, probes, missing }: Run): Measurement => {
  const { name, unit, against, target, durability } = bench
  const value = middle(figures.ours)
  const againstValue = middle(figures.theirs)
  return {
    name,
    value,
    unit,
    against: against?.name ?? null,
    againstValue,
    ratio: value !== null && againstValue !== null ? rounded(value / againstValue) : null,
    target: inWords(target, against ? '' : ` ${unit}`),
    n: figures.ours.length,
    min: figures.ours.length > 0 ? rounded(Math.min(...figures.ours)) : null,
    max: figures.ours.length > 0 ? rounded(Math.max(...figures.ours)) : null,
    durability:
      missing !== undefined ? `not run: ${missing}` : `${durability}; probe ${probeIn(probes)} fdatasync/s`,
  }
}

const middle = (samples: readonly number[]): number | null =>
  samples.length > 0 ? rounded(median(samples)) : null

const probeIn = (probes: readonly number[]): string =>
  probes.length > 0 ? String(Math.round(median(probes))) : '?'

const inWords = ({ bound, limit }: Target, unit: string): string =>
  `${bound === 'atLeast' ? '≥' : '≤'} ${limit}${unit}`

/** Undefined: not run. */
export const isMet = ({ bench: { target, against }, figures }: Run): boolean | undefined => {
  if (figures.ours.length === 0) return undefined
  const figure = against ? median(figures.ours) / median(figures.theirs) : median(figures.ours)
  return target.bound === 'atLeast' ? figure >= target.limit : figure <= target.limit
}

export const table = (runs: readonly Run[]): string => {
  const lines = runs.map((run) => {
    const { name, value, unit, against, againstValue, ratio, target, n, min, max, durability } =
      measurementOf(run)
    if (value === null) return ['–', name, durability, '', '', '', '']
    const figure = `${grouped(value)} ${unit} [${grouped(min)}–${grouped(max)}]`
    const other = against === null ? '' : `${grouped(againstValue)} ${against}`
    return [
      isMet(run) ? '✓' : '✗',
      name,
      figure,
      other,
      ratio === null ? '' : ratio.toFixed(2),
      target,
      `n=${n}`,
    ]
  })
  const header = ['', 'bench', 'median [min–max]', 'against', 'ratio', 'target', '']
  return aligned([header, ...lines])
}

const grouped = (value: number | null): string => value?.toLocaleString('en') ?? '–'

const aligned = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
