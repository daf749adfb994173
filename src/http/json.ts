import { isUtf8 } from 'node:buffer'

/** Why a body is not JSON we accept. Says where, never what. */
export class BadJson extends Error {
  override readonly name = 'BadJson'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

const MAX_DEPTH = 32

/** UTF-8, one value, no key twice in an object, not nested deeper than any record of ours. */
export const parseJson = (body: Buffer): unknown => {
  if (!isUtf8(body)) throw new BadJson('invalid_utf8', 'the body is not UTF-8')
  const text = body.toString('utf8')
  inspect(text)
  try {
    return JSON.parse(text)
  } catch {
    throw new BadJson('malformed_json', 'the body is not well-formed JSON')
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
const CLOSE_OBJECT = 0x7d
const CLOSE_ARRAY = 0x5d

/** One pass over the text for what JSON.parse lets through: a key given twice, and nesting that costs a stack. */
const inspect = (text: string): void => {
  const keys: (Set<string> | undefined)[] = []
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === OPEN_OBJECT || char === OPEN_ARRAY) {
      if (keys.length === MAX_DEPTH) throw new BadJson('too_deep', `nested deeper than ${MAX_DEPTH}`)
      keys.push(char === OPEN_OBJECT ? new Set() : undefined)
    } else if (char === CLOSE_OBJECT || char === CLOSE_ARRAY) keys.pop()
    else if (char === QUOTE) {
      const end = endOfString(text, i + 1)
      const known = keys.at(-1)
      if (known && isKey(text, end)) {
        const key = unescaped(text.slice(i, end + 1))
        if (key === '"__proto__"') throw new BadJson('forbidden_key', '`__proto__` is no name of a field')
        if (known.has(key)) throw new BadJson('duplicate_key', 'a key stands twice in the same object')
        known.add(key)
      }
      i = end
    }
  }
}

const endOfString = (text: string, from: number): number => {
  let i = from
  while (i < text.length && text.charCodeAt(i) !== QUOTE) i += text.charCodeAt(i) === BACKSLASH ? 2 : 1
  return i
}

const isKey = (text: string, end: number): boolean => {
  let i = end + 1
  while (i < text.length && text.charCodeAt(i) <= 0x20) i++
  return text.charCodeAt(i) === COLON
}

/** `"\u0061"` and `"a"` are the same key. */
const unescaped = (literal: string): string => {
  if (!literal.includes('\\')) return literal
  try {
    return JSON.stringify(JSON.parse(literal))
  } catch {
    return literal
  }
}
