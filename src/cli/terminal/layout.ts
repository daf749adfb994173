import stringWidth from 'string-width'

/** Filled with spaces up to so many columns; a Japanese character takes two. */
export const pad = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - stringWidth(text)))

export const padStart = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - stringWidth(text))) + text

/** A Latin word or number stays whole; Japanese may break after any character. */
const PIECES = /[!-~]+|\s+|[^!-~\s]/gu
/** What no line begins with: it hangs over the edge instead. */
const NOT_FIRST = /^[、。,.・」』)】!?…ーっゃゅょッャュョ々]/

/** Lines of at most `columns` (a closing mark may hang over by one). At least one line, perhaps empty. */
export const wrap = (text: string, columns: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const piece of text.match(PIECES)?.flatMap((one) => split(one, columns)) ?? []) {
    const fits = stringWidth(line) + stringWidth(piece) <= columns
    if (fits || NOT_FIRST.test(piece)) line += piece
    else {
      lines.push(line.trimEnd())
      line = piece.trimStart()
    }
  }
  return [...lines, line.trimEnd()]
}

/** A word longer than a line is cut: nothing is lost beyond the edge. */
const split = (piece: string, columns: number): readonly string[] =>
  piece.length <= columns ? [piece] : (piece.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [])

/** As `wrap`, but a chip is never broken: they stand side by side while there is room. */
export const flow = (chips: readonly string[], columns: number, gap = 2): readonly (readonly string[])[] => {
  const lines: string[][] = []
  let used = Number.POSITIVE_INFINITY
  for (const chip of chips) {
    const width = stringWidth(chip)
    if (used + gap + width > columns) {
      lines.push([])
      used = -gap
    }
    lines.at(-1)?.push(chip)
    used += gap + width
  }
  return lines
}
