import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerWritableStream } from '@grpc/grpc-js'
import type { Calls, OpenCall } from './calls.ts'

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>

const drained = (call: ReadCall) =>
  new Promise<void>((resolve) => {
    const signals = ['drain', 'cancelled', 'finish', 'close']
    const done = () => {
      for (const signal of signals) call.off(signal, done)
      resolve()
    }
    for (const signal of signals) call.once(signal, done)
  })

/** Waits for a slow reader, so that what is on its way stays bounded. */
export const pusher =
  (call: ReadCall, open: OpenCall, calls: Calls) =>
  async (message: ReadResp): Promise<void> => {
    if (open.over() || open.silent) return
    calls.countPushed()
    if (!call.write(message)) await drained(call)
  }

export type Push = ReturnType<typeof pusher>
