import type {
  DeleteReq,
  DeleteResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { handleUnaryCall } from '@grpc/grpc-js'
import { refusalError } from './errors.ts'
import type { House } from './house.ts'
import { targetOf } from './requests.ts'
import { unary } from './unary.ts'

export const deleteHandler = (house: House): handleUnaryCall<DeleteReq, DeleteResp> =>
  unary(house, 'Delete', async (request) => {
    const { stream, expected } = targetOf(request.getOptions() ?? new streams.DeleteReq.Options())
    const outcome = await house.store.softDelete(stream, expected)
    if (outcome.kind !== 'done') return { error: refusalError(stream, outcome) }
    const position = new streams.DeleteResp.Position()
      .setCommitPosition(String(outcome.position))
      .setPreparePosition(String(outcome.position))
    return { reply: new streams.DeleteResp().setPosition(position) }
  })

export const tombstoneHandler = (house: House): handleUnaryCall<TombstoneReq, TombstoneResp> =>
  unary(house, 'Tombstone', async (request) => {
    const { stream, expected } = targetOf(request.getOptions() ?? new streams.TombstoneReq.Options())
    const outcome = await house.store.tombstone(stream, expected)
    if (outcome.kind !== 'done') return { error: refusalError(stream, outcome) }
    const position = new streams.TombstoneResp.Position()
      .setCommitPosition(String(outcome.position))
      .setPreparePosition(String(outcome.position))
    return { reply: new streams.TombstoneResp().setPosition(position) }
  })
