import { setTimeout as sleep } from 'node:timers/promises'
import {
  type EventData,
  NO_STREAM,
  type ResolvedEvent,
  WrongExpectedVersionError,
} from '@eventstore/db-client'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import type { Client, Connection } from './connection.ts'
import { type Answer, answerIn, refusal } from './errors.ts'

/** `version`: of the last event, counted from 1. `position`: its commit position. */
export type Written = { readonly version: number; readonly position: bigint }
/** Some servers do not say where a repeated append stands. */
type Placed = Written | { readonly version: number; readonly position: undefined }
/** `actual`: the stream's version; 0 when it does not exist. */
export type Appending = Written | { readonly actual: number }

/** How long an append is tried. Longer than one attempt: a leader may be elected meanwhile. */
export const APPEND_MS = 9_000
const RETRY_MS = 50
const LONGEST_RETRY_MS = 1_000

/**
 * Appends at the version `expected`. What came of an attempt is unknown after anything but the server's own answer, so the same ids
 * are sent again at the same version, which the server takes for one append; after a conflict the stream is read back, in case
 * the events there are these. Over soon after `until`.
 * @throws StoreUnavailable  still unknown, or the server refuses us
 * @throws RangeError        larger than the server takes
 */
export const appendTo =
  (connection: Connection) =>
  async (
    stream: string,
    expected: number,
    events: readonly EventData[],
    until = performance.now() + APPEND_MS,
  ): Promise<Appending> => {
    const left = () => Math.max(until - performance.now(), LONGEST_RETRY_MS)
    const readBack = () => theSame(connection, stream, expected, events, left())
    for (let wait = RETRY_MS; ; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      try {
        const written = await connection.attempt((client) => once(client, stream, expected, events), left())
        const placed = written.position === undefined ? await readBack() : written
        if (placed) return placed
        throw new StoreUnavailable(`EventStoreDB does not say where it has put the append to ${stream}`)
      } catch (error) {
        const answer = answerIn(error)
        if (answer === 'wrongVersion') return (await readBack()) ?? { actual: actualIn(error) }
        if (answer === 'denied') throw error
        if (answer !== undefined) throw refused(stream, answer, error)
        if (connection.isClosed() || performance.now() + wait > until) throw error
      }
      await sleep(wait * (0.5 + Math.random() / 2))
    }
  }

const once = async (
  client: Client,
  stream: string,
  expected: number,
  events: readonly EventData[],
): Promise<Placed> => {
  const { nextExpectedRevision, position } = await client.appendToStream(stream, [...events], {
    expectedRevision: expected === 0 ? NO_STREAM : BigInt(expected - 1),
    requiresLeader: true,
  })
  const version = Number(nextExpectedRevision) + 1
  return position ? { version, position: position.commit } : { version, position: undefined }
}

/** Undefined unless the events behind `expected` are these: then an earlier attempt, or another node with the same command, stored them. */
const theSame = async (
  connection: Connection,
  stream: string,
  expected: number,
  events: readonly EventData[],
  ms: number,
): Promise<Written | undefined> => {
  const open = (client: Client) =>
    client.readStream(stream, {
      fromRevision: BigInt(expected),
      maxCount: events.length,
      requiresLeader: true,
    })
  const found = await nothingIfNotFound(connection.read<ResolvedEvent>(open, ms))
  const there = found.flatMap(({ event }) => event ?? [])
  const areThese = there.length === events.length && there.every(({ id }, i) => id === events[i]?.id)
  const last = there.at(-1)?.position
  return areThese && last ? { version: expected + there.length, position: last.commit } : undefined
}

const actualIn = (error: unknown): number =>
  error instanceof WrongExpectedVersionError && typeof error.actualVersion === 'bigint'
    ? Number(error.actualVersion) + 1
    : 0

export const nothingIfNotFound = async <T>(read: Promise<readonly T[]>): Promise<readonly T[]> => {
  try {
    return await read
  } catch (error) {
    const answer = answerIn(error)
    if (answer === 'notFound') return []
    throw answer === 'deleted' ? refusal(answer, error) : error
  }
}

const refused = (stream: string, answer: Answer, error: unknown): Error =>
  answer === 'tooLarge'
    ? new RangeError(`the append to ${stream} is larger than the server takes`, { cause: error })
    : refusal(answer, error)
