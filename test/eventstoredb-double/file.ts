import { type FileHandle, open } from 'node:fs/promises'
import type { Proposed } from './log.ts'

export type KeptWrite = { readonly stream: string; readonly at: number; readonly event: Proposed }

export type Keep = {
  /** What earlier runs kept. */
  readonly kept: readonly KeptWrite[]
  /** Resolves when these writes, and all before them, are kept. */
  write(writes: readonly KeptWrite[]): Promise<void>
  close(): Promise<void>
}

export const keepInMemory: Keep = { kept: [], async write() {}, async close() {} }

type Line = { s: string; t: number; i: string; y: string; c: string; d: string; m: string }[]

const base64 = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

const toLine = (writes: readonly KeptWrite[]): string => {
  const line: Line = writes.map(({ stream, at, event }) => ({
    s: stream,
    t: at,
    i: event.id,
    y: event.type,
    c: event.contentType,
    d: base64(event.data),
    m: base64(event.metadata),
  }))
  return `${JSON.stringify(line)}\n`
}

const fromLine = (text: string): KeptWrite[] => {
  const line: Line = JSON.parse(text)
  return line.map(({ s, t, i, y, c, d, m }) => ({
    stream: s,
    at: t,
    event: {
      id: i,
      type: y,
      contentType: c,
      data: Buffer.from(d, 'base64'),
      metadata: Buffer.from(m, 'base64'),
    },
  }))
}

/** An append is one line. A last line without its end was never acknowledged, and is cut off. */
const readBack = async (file: FileHandle): Promise<KeptWrite[]> => {
  const content = await file.readFile()
  const end = content.lastIndexOf('\n') + 1
  if (end < content.length) {
    await file.truncate(end)
    await file.sync()
  }
  const lines = content.subarray(0, end).toString('utf8').split('\n').slice(0, -1)
  return lines.flatMap(fromLine)
}

/** Keeps each append in a file before it is acknowledged; those that wait share one write and one fsync. */
export const keepInFile = async (path: string): Promise<Keep> => {
  const file = await open(path, 'a+')
  const kept = await readBack(file)
  let waiting = ''
  let round: Promise<void> | undefined
  let next: Promise<void> | undefined

  const writeWaiting = async () => {
    next = undefined
    const lines = waiting
    waiting = ''
    if (lines === '') return
    await file.appendFile(lines)
    await file.datasync()
  }

  return {
    kept,
    write(writes) {
      if (writes.length > 0) waiting += toLine(writes)
      next ??= (round ?? Promise.resolve()).then(writeWaiting)
      round = next
      return next
    },
    async close() {
      await round
      await file.close()
    },
  }
}
