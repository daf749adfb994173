import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colours text, or leaves it alone where nobody would see it. */
export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_style, text) => text

type Stream = { readonly isTTY?: boolean }
type Environment = Readonly<Record<string, string | undefined>>

/** Colour only on a terminal, and never against `NO_COLOR` (no-color.org). */
export const paintFor = (stream: Stream, env: Environment = process.env): Paint => {
  if (env.NO_COLOR) return plain
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0'
  if (!forced && (!stream.isTTY || env.TERM === 'dumb')) return plain
  return (style, text) => styleText(style, text)
}
