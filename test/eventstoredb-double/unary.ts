import type { handleUnaryCall } from '@grpc/grpc-js'
import type { Method } from './calls.ts'
import type { RpcError } from './errors.ts'
import { type House, lateness, refusalOf } from './house.ts'

export type Answer<Reply> = { readonly reply: Reply } | { readonly error: RpcError }

export const unary =
  <Request, Reply>(
    house: House,
    method: Method,
    answer: (request: Request) => Promise<Answer<Reply>>,
  ): handleUnaryCall<Request, Reply> =>
  async (call, respond) => {
    const close = house.calls.begin(method)
    call.once('cancelled', close)
    const refusal = refusalOf(house, method, call.metadata)
    const answered = refusal ? { error: refusal } : await answer(call.request)
    await lateness(house, method)
    close()
    if ('error' in answered) respond(answered.error)
    else respond(null, answered.reply)
  }
