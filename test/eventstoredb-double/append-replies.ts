import type { Code } from '@eventstore/db-client/generated/code_pb.js'
import codes from '@eventstore/db-client/generated/code_pb.js'
import type { UUID } from '@eventstore/db-client/generated/shared_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import statusMessages from '@eventstore/db-client/generated/status_pb.js'
import type { AppendResp, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { Message } from 'google-protobuf'
import anyMessages from 'google-protobuf/google/protobuf/any_pb.js'
import emptyMessages from 'google-protobuf/google/protobuf/empty_pb.js'
import type { Done, Refused } from './decide.ts'
import { identifierOf } from './replies.ts'
import type { Outcome } from './store.ts'

type WrongVersion = Extract<Refused, { kind: 'wrong version' }>

// Append speaks EventStoreDB's Empty, BatchAppend Google's: one cannot stand for the other.

const appendConflict = ({ expected, current }: WrongVersion) => {
  const conflict = new streams.AppendResp.WrongExpectedVersion()
  const empty = new shared.Empty()
  if (current === undefined) conflict.setCurrentNoStream(empty)
  else conflict.setCurrentRevision(String(current))
  if (expected === 'any') return conflict.setExpectedAny(empty)
  if (expected === 'no_stream') return conflict.setExpectedNoStream(empty)
  if (expected === 'stream_exists') return conflict.setExpectedStreamExists(empty)
  return conflict.setExpectedRevision(String(expected))
}

const batchConflict = ({ expected, current }: WrongVersion) => {
  const conflict = new shared.WrongExpectedVersion()
  const empty = new emptyMessages.Empty()
  if (current === undefined) conflict.setCurrentNoStream(empty)
  else conflict.setCurrentStreamRevision(String(current))
  if (expected === 'any') return conflict.setExpectedAny(empty)
  if (expected === 'no_stream') return conflict.setExpectedNoStream(empty)
  if (expected === 'stream_exists') return conflict.setExpectedStreamExists(empty)
  return conflict.setExpectedStreamPosition(String(expected))
}

/** Append tells a conflict as a normal reply; its other refusals are errors. */
export const appendReply = (outcome: Done | WrongVersion): AppendResp => {
  const reply = new streams.AppendResp()
  if (outcome.kind === 'wrong version') return reply.setWrongExpectedVersion(appendConflict(outcome))
  const success = new streams.AppendResp.Success()
  if (outcome.revision === undefined) success.setNoStream(new shared.Empty())
  else success.setCurrentRevision(String(outcome.revision))
  if (outcome.position === undefined) success.setNoPosition(new shared.Empty())
  else
    success.setPosition(
      new streams.AppendResp.Position()
        .setCommitPosition(String(outcome.position))
        .setPreparePosition(String(outcome.position)),
    )
  return reply.setSuccess(success)
}

const packed = (code: Code, name: string, details: Message) => {
  const any = new anyMessages.Any()
  any.pack(details.serializeBinary(), `event_store.client.${name}`)
  return new statusMessages.Status().setCode(code).setMessage(name).setDetails(any)
}

const batchRefusal = (stream: string, refused: Refused) => {
  switch (refused.kind) {
    case 'wrong version':
      return packed(codes.Code.ALREADY_EXISTS, 'WrongExpectedVersion', batchConflict(refused))
    case 'deleted':
      return packed(
        codes.Code.NOT_FOUND,
        'StreamDeleted',
        new shared.StreamDeleted().setStreamIdentifier(identifierOf(stream)),
      )
    case 'too large':
      return packed(
        codes.Code.INVALID_ARGUMENT,
        'MaximumAppendSizeExceeded',
        new shared.MaximumAppendSizeExceeded().setMaxappendsize(refused.limit),
      )
  }
}

const batchSuccess = ({ revision, position }: Done) => {
  const success = new streams.BatchAppendResp.Success()
  if (revision === undefined) success.setNoStream(new emptyMessages.Empty())
  else success.setCurrentRevision(String(revision))
  if (position === undefined) return success.setNoPosition(new emptyMessages.Empty())
  return success.setPosition(
    new shared.AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position)),
  )
}

export const batchReply = (
  correlationId: UUID | undefined,
  stream: string,
  outcome: Outcome,
): BatchAppendResp => {
  const reply = new streams.BatchAppendResp()
    .setCorrelationId(correlationId)
    .setStreamIdentifier(identifierOf(stream))
  return outcome.kind === 'done'
    ? reply.setSuccess(batchSuccess(outcome))
    : reply.setError(batchRefusal(stream, outcome))
}
