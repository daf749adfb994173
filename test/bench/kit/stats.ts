/** Of every sample, not of a histogram. */
export const quantile = (samples: readonly number[], share: number): number => {
  const sorted = [...samples].sort((a, b) => a - b)
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  if (found === undefined) throw new RangeError('no samples')
  return found
}

export const median = (samples: readonly number[]): number => {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1)
  if (middle.length === 0) throw new RangeError('no samples')
  return middle.reduce((sum, one) => sum + one, 0) / middle.length
}

/** Three digits say all that such a figure knows. */
export const rounded = (value: number): number => Number(value.toPrecision(4))
