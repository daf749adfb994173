const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

export type InputLine = {
  /** As an editor counts them, from 1. */
  readonly number: number
  /** Without its end; undefined: longer than any command may be. */
  readonly bytes: Buffer | undefined
  /** Bytes of the input up to the end of this line. */
  readonly end: number
}

/**
 * NDJSON line by line in constant memory, whatever a line's length: only a line feed ends one (what else looks like a line
 * break may stand inside a JSON string). Empty lines are counted and left out, a byte order mark and carriage returns dropped.
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<InputLine> {
  let number = 0
  let end = 0
  let parts: Buffer[] = []
  let length = 0

  const finish = (): InputLine | undefined => {
    number += 1
    const line = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
    const tooLong = length > maxBytes
    parts = []
    length = 0
    if (tooLong) return { number, bytes: undefined, end }
    const bytes = trimmed(line, number)
    return isBlank(bytes) ? undefined : { number, bytes, end }
  }
  const add = (part: Buffer) => {
    length += part.length
    end += part.length
    if (length <= maxBytes) parts.push(part)
    else parts = []
  }

  for await (const chunk of input) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let from = 0
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      add(bytes.subarray(from, at))
      end += 1
      from = at + 1
      const line = finish()
      if (line) yield line
    }
    if (from < bytes.length) add(bytes.subarray(from))
  }
  const last = length > 0 ? finish() : undefined
  if (last) yield last
}

const trimmed = (line: Buffer, number: number): Buffer => {
  const from = number === 1 && line.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0
  return line.subarray(from, line.at(-1) === CARRIAGE_RETURN ? -1 : undefined)
}

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0x20 || byte === 0x09)
