import { randomUUID } from 'node:crypto'
import { type Decision, type Done, decide, type Expected, type Refused } from './decide.ts'
import { type Keep, keepInMemory } from './file.ts'
import { createLog, type Proposed, tombstoneType } from './log.ts'
import { isSoftDeleted, keptOf, metadataStreamOf, softDeletion, truncation } from './stream-metadata.ts'

export type Outcome = Refused | Done

type Write = { readonly stream: string; readonly event: Proposed }

const systemEvent = (type: string, data: Uint8Array): Proposed => ({
  id: randomUUID(),
  type,
  contentType: 'application/json',
  data,
  metadata: new Uint8Array(),
})

const sizeOf = (events: readonly Proposed[]) =>
  events.reduce((sum, { type, data, metadata }) => sum + type.length + data.length + metadata.length, 0)

/** Decides, records, keeps, and only then shows and answers. */
export const createStore = (maxAppendSize: number, keep: Keep = keepInMemory) => {
  const log = createLog()
  for (const { stream, at, event } of keep.kept) log.record(stream, event, at)
  log.show(log.all.length)

  const write = async (writes: readonly Write[]): Promise<Done> => {
    const at = Date.now()
    const recorded = writes.map(({ stream, event }) => log.record(stream, event, at))
    await keep.write(writes.map((one) => ({ ...one, at })))
    const last = recorded.at(-1)
    if (last) log.show(last.index + 1)
    return { kind: 'done', revision: last?.revision, position: last?.position }
  }

  /** An answer tells of what was recorded, so it waits until that is kept. */
  const settled = async <T extends Refused | Done>(outcome: T): Promise<T> => {
    await keep.write([])
    return outcome
  }

  const unless = async (decision: Decision, writes: () => readonly Write[]): Promise<Outcome> =>
    decision.kind === 'write' ? write(writes()) : settled(decision)

  return {
    log,

    async append(stream: string, expected: Expected, events: readonly Proposed[]): Promise<Outcome> {
      if (sizeOf(events) > maxAppendSize) return { kind: 'too large', limit: maxAppendSize }
      const ids = events.map(({ id }) => id)
      return unless(decide(log, stream, expected, ids), () => {
        const revival = isSoftDeleted(keptOf(log, stream))
          ? [systemEvent('$metadata', truncation(log.stream(stream)?.events.length ?? 0))]
          : []
        return [
          ...revival.map((event) => ({ stream: metadataStreamOf(stream), event })),
          ...events.map((event) => ({ stream, event })),
        ]
      })
    },

    /** The stream reads as not found, may be written again, and goes on counting. */
    async softDelete(stream: string, expected: Expected): Promise<Outcome> {
      const event = systemEvent('$metadata', softDeletion())
      return unless(decide(log, stream, expected, [event.id]), () => [
        { stream: metadataStreamOf(stream), event },
      ])
    },

    /** The stream can never be written again. */
    async tombstone(stream: string, expected: Expected): Promise<Outcome> {
      const event = systemEvent(tombstoneType, new Uint8Array())
      return unless(decide(log, stream, expected, [event.id]), () => [{ stream, event }])
    },
  }
}

export type Store = ReturnType<typeof createStore>
