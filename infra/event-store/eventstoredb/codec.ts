import { type EventData, jsonEvent, type RecordedEvent } from '@eventstore/db-client'
import type { StreamName } from '#domain/kernel/event.ts'
import { type Stored, StoreUnavailable } from '#domain/kernel/event-store.ts'
import type { Entry, Kept } from '../entry.ts'

/**
 * Streams that begin so are not the log: the server's own (`$…`), and what the nodes keep beside it (`_key-…`). Our own
 * streams are `category-id`, so that the server's category projection works on them.
 */
export const BESIDE_THE_LOG = /^[$_]/

/** What no setting of the server can go beyond. */
const LARGEST_APPEND_BYTES = 16 * 1024 * 1024

/**
 * JSON, with what EventStoreDB's own tools and projections look for in the metadata: `$correlationId`, `$causationId`. Made here
 * and now: what cannot be serialised would otherwise be an append that never ends.
 */
export const toEventData = ([id, type, schemaVersion, recordedAt, metadata, data]: Entry): EventData => {
  const { correlationId, causationId, ...rest } = JSON.parse(metadata)
  return jsonEvent({
    id,
    type,
    data: JSON.parse(data),
    metadata: {
      $correlationId: correlationId,
      $causationId: causationId,
      schemaVersion,
      recordedAt,
      ...rest,
    },
  })
}

/** @throws RangeError  a message that is too large for the server breaks off the call that all appends share */
export const refuseTooLarge = (stream: string, entries: readonly Entry[]): void => {
  const bytes = entries.reduce(
    (sum, [, , , , metadata, data]) => sum + Buffer.byteLength(metadata) + Buffer.byteLength(data),
    0,
  )
  if (bytes > LARGEST_APPEND_BYTES)
    throw new RangeError(
      `the append to ${stream} has ${bytes} bytes, EventStoreDB takes ${LARGEST_APPEND_BYTES}`,
    )
}

type Ours = {
  readonly $correlationId: string
  readonly $causationId: string
  readonly schemaVersion: number
  readonly recordedAt: string
}

/** A fact of ours: neither beside the log, nor what other programs have put on the same server. */
export const isOfLog = ({ streamId, metadata }: RecordedEvent): boolean =>
  !BESIDE_THE_LOG.test(streamId) && isOurs(metadata)

/** Undefined for what is not of the log. */
export const toKept = (event: RecordedEvent): Kept | undefined => {
  const { id, streamId, revision, type, data, metadata } = event
  if (BESIDE_THE_LOG.test(streamId) || !isOurs(metadata)) return undefined
  const { $correlationId, $causationId, schemaVersion, recordedAt, ...rest } = metadata
  return [
    positionOf(event),
    streamId,
    Number(revision) + 1,
    id,
    type,
    schemaVersion,
    recordedAt,
    JSON.stringify({ correlationId: $correlationId, causationId: $causationId, ...rest }),
    JSON.stringify(data),
  ]
}

export const toStored = (event: RecordedEvent): Stored | undefined => {
  const { id, streamId, revision, type, data, metadata } = event
  if (!isOurs(metadata)) return undefined
  const { $correlationId, $causationId, schemaVersion, recordedAt, ...rest } = metadata
  return {
    id,
    stream: streamId as StreamName,
    version: Number(revision) + 1,
    position: BigInt(positionOf(event)),
    type,
    schemaVersion,
    recordedAt,
    metadata: { correlationId: $correlationId, causationId: $causationId, ...rest } as Stored['metadata'],
    data: data as Stored['data'],
  }
}

/** Bytes of a log: below 2^53 up to eight petabytes. @throws StoreUnavailable before server 22.10, which does not say */
export const positionOf = ({ position, streamId }: RecordedEvent): number => {
  const commit = position?.commit
  if (commit === undefined || commit > BigInt(Number.MAX_SAFE_INTEGER))
    throw new StoreUnavailable(
      `the server does not say where ${streamId} stands in its log; it has to be 22.10 or newer`,
    )
  return Number(commit)
}

const isOurs = (metadata: unknown): metadata is Ours =>
  typeof metadata === 'object' &&
  metadata !== null &&
  'schemaVersion' in metadata &&
  typeof metadata.schemaVersion === 'number' &&
  'recordedAt' in metadata &&
  typeof metadata.recordedAt === 'string'
