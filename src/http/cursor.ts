import { createHash } from 'node:crypto'

/** Opaque to clients: where a page ended, and of which question. A cursor of another question is refused. */
export const encodeCursor = (question: unknown, place: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify([digest(question), ...place])).toString('base64url')

export const decodeCursor = (question: unknown, cursor: string): readonly (string | number)[] | undefined => {
  try {
    const [of, ...place] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
    const isPlace = place.every(
      (part): part is string | number => typeof part === 'string' || Number.isSafeInteger(part),
    )
    return of === digest(question) && isPlace ? (place as (string | number)[]) : undefined
  } catch {
    return undefined
  }
}

const digest = (question: unknown): string =>
  createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, 12)

export const badCursor = {
  status: 400,
  code: 'request/invalid',
  errors: [{ pointer: '/cursor', code: 'bad_cursor', message: 'not a cursor of this question' }],
} as const

/** `Link: <…>; rel="next"` for the same request with another cursor. */
export const nextLink = (url: string, parameter: string, cursor: string): string => {
  const next = new URL(url, 'http://here')
  next.searchParams.set(parameter, cursor)
  return `<${next.pathname}${next.search}>; rel="next"`
}
