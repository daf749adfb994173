import { ErrorType } from '@eventstore/db-client'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'

/** What a server says to one request and would say again. Everything else is about the connection: nobody knows what happened. */
export type Answer = 'wrongVersion' | 'deleted' | 'notFound' | 'denied' | 'tooLarge' | 'invalid'

const BY_TYPE: Readonly<Record<string, Answer>> = {
  [ErrorType.WRONG_EXPECTED_VERSION]: 'wrongVersion',
  [ErrorType.STREAM_DELETED]: 'deleted',
  [ErrorType.STREAM_NOT_FOUND]: 'notFound',
  [ErrorType.ACCESS_DENIED]: 'denied',
  [ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED]: 'tooLarge',
  [ErrorType.INVALID_ARGUMENT]: 'invalid',
}

/** gRPC's own numbers: errors that the client did not recognise carry no type. */
const BY_CODE: Readonly<Record<number, Answer>> = { 3: 'invalid', 7: 'denied', 16: 'denied' }

export const answerIn = (error: unknown): Answer | undefined => {
  if (!(error instanceof Error)) return undefined
  if (error instanceof StoreUnavailable) return answerIn(error.cause)
  const { type, code } = error as { readonly type?: unknown; readonly code?: unknown }
  return (
    (typeof type === 'string' ? BY_TYPE[type] : undefined) ??
    (typeof code === 'number' ? BY_CODE[code] : undefined)
  )
}

export class TimedOut extends Error {
  override readonly name = 'TimedOut'
}

/** How a person is told: `14 UNAVAILABLE: …`, without what the client prints of its insides. */
export const wordsOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error)

/** Nobody who asks can do anything about it: whoever runs the hub has to. */
export const refusal = (answer: Answer, error: unknown): StoreUnavailable =>
  new StoreUnavailable(`EventStoreDB refuses (${answer}): ${wordsOf(error)}`, { cause: error })

export const unknownOutcome = (error: unknown): never => {
  if (error instanceof StoreUnavailable) throw error
  throw new StoreUnavailable(`EventStoreDB: ${wordsOf(error)}`, { cause: error })
}
