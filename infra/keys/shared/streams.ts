import { type EventData, NO_STREAM, type RecordedEvent, type ResolvedEvent } from '@eventstore/db-client'
import { appendTo } from '#infra/eventstoredb/append.ts'
import type { Client, Connection } from '#infra/eventstoredb/connection.ts'
import { answerIn } from '#infra/eventstoredb/errors.ts'
import { type KeyFact, toFact } from './facts.ts'

/** `version`: of the last event that is there, from 1; what an append has to expect. 0: there is no such stream now. */
export type Found = { readonly version: number; readonly facts: readonly KeyFact[] }
/** It was destroyed, and can never be written again. */
export const DELETED = 'deleted'

export type KeyStreams = ReturnType<typeof keyStreams>

const PAGE = 500

/** The streams of keys, on the server's leader. Everything here throws `StoreUnavailable` when it does not answer. */
export const keyStreams = (connection: Connection) => {
  const appendEvents = appendTo(connection)
  /** @returns whether it is so now; false: the stream is at another version */
  const end = async (
    version: number,
    how: (client: Client, expected: { expectedRevision: bigint | typeof NO_STREAM }) => Promise<unknown>,
  ): Promise<boolean> => {
    try {
      const expectedRevision = version === 0 ? NO_STREAM : BigInt(version - 1)
      await connection.attempt((client) => how(client, { expectedRevision }))
      return true
    } catch (error) {
      const answer = answerIn(error)
      if (answer === DELETED) return true
      if (answer === 'wrongVersion') return false
      throw error
    }
  }
  return {
    /** What stands behind the version `after`. */
    async read(stream: string, after = 0): Promise<Found | typeof DELETED> {
      const events: RecordedEvent[] = []
      try {
        for (;;) {
          const next = events.at(-1)?.revision
          const page = await connection.read<ResolvedEvent>((client) =>
            client.readStream(stream, {
              fromRevision: next === undefined ? BigInt(after) : next + 1n,
              maxCount: PAGE,
              requiresLeader: true,
            }),
          )
          events.push(...page.flatMap(({ event }) => event ?? []))
          if (page.length < PAGE) break
        }
      } catch (error) {
        const answer = answerIn(error)
        if (answer === DELETED) return DELETED
        if (answer !== 'notFound') throw error
        return { version: 0, facts: [] }
      }
      const last = events.at(-1)
      return {
        version: last ? Number(last.revision) + 1 : after,
        facts: events.flatMap((event) => toFact(event) ?? []),
      }
    },
    /** @returns the commit position of the last one; undefined: the stream is at another version */
    async append(
      stream: string,
      version: number,
      events: readonly EventData[],
    ): Promise<bigint | undefined | typeof DELETED> {
      try {
        const written = await appendEvents(stream, version, events)
        return 'actual' in written ? undefined : written.position
      } catch (error) {
        if (error instanceof Error && answerIn(error.cause) === DELETED) return DELETED
        throw error
      }
    },
    /** For ever. @returns false: the stream is at another version */
    tombstone: (stream: string, version: number): Promise<boolean> =>
      end(version, (client, expected) =>
        client.tombstoneStream(stream, { ...expected, requiresLeader: true }),
      ),
    /** What is there cannot be read any more; new events may come. @returns false: the stream is at another version */
    remove: (stream: string, version: number): Promise<boolean> =>
      end(version, (client, expected) => client.deleteStream(stream, { ...expected, requiresLeader: true })),
    /** What stands up to this version cannot be read any more. */
    cut: (stream: string, version: number): Promise<unknown> =>
      connection.attempt((client) =>
        client.setStreamMetadata(stream, { truncateBefore: version }, { requiresLeader: true }),
      ),
  }
}
