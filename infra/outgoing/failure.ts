/**
 * `blocked`     the destination is not one that we write to; nothing was sent
 * `dns`         its name has no address
 * `timeout`     it could not be reached, or did not answer, in time
 * `connection`  refused, or broken off before the answer
 * `tls`         no connection that can be trusted: its certificate, or what it speaks
 * `protocol`    what came is no HTTP response, or has headers without end
 * `closed`      we are shutting down
 *
 * After all but `blocked` and `dns` the receiver may have got the request all the same.
 */
export type FailureCode = 'blocked' | 'dns' | 'timeout' | 'connection' | 'tls' | 'protocol' | 'closed'

/** Carries through undici why we ended an exchange ourselves. */
export class ExchangeFailure extends Error {
  readonly failure: FailureCode

  constructor(failure: FailureCode) {
    super(failure)
    this.name = 'ExchangeFailure'
    this.failure = failure
  }
}

/** Of the system (`ECONNRESET`, `EPIPE` …) or undici's word for a connection that ended too early. */
const BROKEN = /^(E[A-Z]+|UND_ERR_SOCKET)$/

export const failureIn = (error: Error): FailureCode => {
  if (error instanceof ExchangeFailure) return error.failure
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'ETIMEDOUT') return 'timeout'
  if (code === 'UND_ERR_DESTROYED') return 'closed'
  if (code.startsWith('ERR_SSL_')) return 'tls'
  return BROKEN.test(code) ? 'connection' : 'protocol'
}
