import type { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js'
import type {
  AppendReq,
  BatchAppendReq,
  DeleteReq,
  ReadReq,
} from '@eventstore/db-client/generated/streams_pb.js'
import type { Expected } from './decide.ts'
import type { Proposed, Recorded } from './log.ts'

export const streamNameOf = (identifier: StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8')

/** The client sends UUIDs as text only; the server keeps them as numbers, so capitals are lost. */
export const idOf = (uuid: UUID | undefined): string => (uuid?.getString() ?? '').toLowerCase()

type ExpectationWords = {
  hasAny(): boolean
  hasNoStream(): boolean
  hasStreamExists(): boolean
}

const expectedOf = (words: ExpectationWords, revision: () => string): Expected => {
  if (words.hasAny()) return 'any'
  if (words.hasNoStream()) return 'no_stream'
  if (words.hasStreamExists()) return 'stream_exists'
  return BigInt(revision())
}

export type Target = { readonly stream: string; readonly expected: Expected }

/** The target of Append, Delete and Tombstone. */
export const targetOf = (options: AppendReq.Options | DeleteReq.Options): Target => ({
  stream: streamNameOf(options.getStreamIdentifier()),
  expected: expectedOf(options, () => options.getRevision()),
})

export const batchTargetOf = (options: BatchAppendReq.Options): Target => ({
  stream: streamNameOf(options.getStreamIdentifier()),
  expected: expectedOf(options, () => options.getStreamPosition()),
})

export const proposedOf = (
  message: AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage,
): Proposed => ({
  id: idOf(message.getId()),
  type: message.getMetadataMap().get('type') ?? '',
  contentType: message.getMetadataMap().get('content-type') ?? 'application/octet-stream',
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
})

export type From = 'start' | 'end' | bigint

export type Reading = {
  /** Nothing: of all streams. */
  readonly stream: string | undefined
  /** A revision, or a position when of all streams. */
  readonly from: From
  readonly backwards: boolean
  readonly limit: number
  readonly matches: (event: Recorded) => boolean
  /** Events between two checkpoints; nothing: no checkpoints. */
  readonly checkpointEvery: number | undefined
}

const defaultSearchWindow = 32

const matcherOf = (filter: ReadReq.Options.FilterOptions): Reading['matches'] => {
  const byStream = filter.getStreamIdentifier()
  const expression = byStream ?? filter.getEventType()
  const pattern = expression?.getRegex() ? new RegExp(expression.getRegex()) : undefined
  const prefixes = expression?.getPrefixList() ?? []
  return (event) => {
    const text = byStream ? event.stream : event.type
    return pattern ? pattern.test(text) : prefixes.some((prefix) => text.startsWith(prefix))
  }
}

const fromOf = (options: ReadReq.Options): From => {
  const [ofStream, ofAll] = [options.getStream(), options.getAll()]
  if (ofStream?.hasRevision()) return BigInt(ofStream.getRevision())
  const position = ofAll?.getPosition()
  if (position) return BigInt(position.getCommitPosition())
  return ofStream?.hasEnd() || ofAll?.hasEnd() ? 'end' : 'start'
}

export const readingOf = (options: ReadReq.Options): Reading => {
  const filter = options.getFilter()
  const window = filter?.hasMax() ? filter.getMax() : defaultSearchWindow
  return {
    stream: options.hasStream() ? streamNameOf(options.getStream()?.getStreamIdentifier()) : undefined,
    from: fromOf(options),
    backwards: options.getReadDirection() === 1,
    limit: Number(options.getCount()),
    matches: filter ? matcherOf(filter) : () => true,
    checkpointEvery: filter ? window * filter.getCheckpointintervalmultiplier() : undefined,
  }
}
