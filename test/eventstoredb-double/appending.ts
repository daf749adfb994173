import { randomUUID } from 'node:crypto'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js'
import type { handleBidiStreamingCall, handleClientStreamingCall } from '@grpc/grpc-js'
import { appendReply, batchReply } from './append-replies.ts'
import { refusalError, unavailable } from './errors.ts'
import { type House, lateness, refusalOf, strangerRefused } from './house.ts'
import type { Proposed } from './log.ts'
import { batchTargetOf, idOf, proposedOf, type Target, targetOf } from './requests.ts'

export const appendHandler =
  (house: House): handleClientStreamingCall<AppendReq, AppendResp> =>
  (call, respond) => {
    const close = house.calls.begin('Append')
    call.once('cancelled', close)
    let target: Target | undefined
    const events: Proposed[] = []
    call.on('data', (request: AppendReq) => {
      const [options, message] = [request.getOptions(), request.getProposedMessage()]
      if (options) target = targetOf(options)
      if (message) events.push(proposedOf(message))
    })
    call.on('end', async () => {
      house.calls.countAppend()
      const refusal = refusalOf(house, 'Append', call.metadata)
      if (refusal || !target) return finish(() => respond(refusal ?? unavailable()))
      const fate = house.mischief.fateOfAppend()
      const { stream, expected } = target
      const outcome = fate.stores ? await house.store.append(stream, expected, events) : undefined
      await lateness(house, 'Append')
      if (fate.ending === 'forget') return
      finish(() => {
        if (!outcome || fate.ending !== 'answer') respond(unavailable())
        else if (outcome.kind === 'done' || outcome.kind === 'wrong version')
          respond(null, appendReply(outcome))
        else respond(refusalError(stream, outcome))
      })
    })
    const finish = (answer: () => void) => {
      close()
      answer()
    }
  }

type Batch = { readonly target: Target; readonly events: Proposed[] }

export const batchAppendHandler =
  (house: House): handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> =>
  (call) => {
    const open = house.calls.beginPushing('BatchAppend', call)
    const stranger = strangerRefused(house, call.metadata)
    if (stranger) return open.end(stranger)
    const batches = new Map<string, Batch>()
    let unanswered = 0
    let clientIsDone = false

    const carryOut = async (request: BatchAppendReq, { target, events }: Batch) => {
      house.calls.countAppend()
      const refusal = house.mischief.refusalOf('BatchAppend')
      if (refusal) return open.end(refusal)
      const fate = house.mischief.fateOfAppend()
      const outcome = fate.stores
        ? await house.store.append(target.stream, target.expected, events)
        : undefined
      await lateness(house, 'BatchAppend')
      if (fate.ending === 'hang up') return open.end()
      if (!outcome || fate.ending === 'forget' || open.over()) return
      const somebodyElse = new shared.UUID().setString(randomUUID())
      const correlationId = fate.ending === 'answer' ? request.getCorrelationId() : somebodyElse
      if (!call.write(batchReply(correlationId, target.stream, outcome))) call.pause()
    }

    const endIfDone = () => {
      if (clientIsDone && unanswered === 0) open.end()
    }

    call.on('data', async (request: BatchAppendReq) => {
      const id = idOf(request.getCorrelationId())
      const options = request.getOptions()
      if (options) batches.set(id, { target: batchTargetOf(options), events: [] })
      const batch = batches.get(id)
      if (!batch) return
      batch.events.push(...request.getProposedMessagesList().map(proposedOf))
      if (!request.getIsFinal()) return
      batches.delete(id)
      unanswered++
      await carryOut(request, batch)
      unanswered--
      endIfDone()
    })
    call.on('drain', () => call.resume())
    call.on('end', () => {
      clientIsDone = true
      endIfDone()
    })
  }
