import type { FastifyError, FastifyInstance } from 'fastify'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { ViewNotReady } from '#domain/kernel/projection.ts'
import { IssuerUnavailable } from '#infra/auth/token-verifier.ts'
import type { Log } from '#src/log.ts'
import { BadJson } from './json.ts'
import { type Problem, sendProblem } from './problem.ts'

/** What fastify itself refuses, in our words. */
const refusals: Readonly<Record<string, Problem>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { status: 415, code: 'request/not-json' },
  FST_ERR_CTP_EMPTY_TYPE: { status: 415, code: 'request/not-json' },
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: 'request/too-large' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { status: 400, code: 'request/malformed' },
  FST_ERR_BAD_URL: { status: 400, code: 'request/malformed' },
  FST_ERR_MAX_PARAM_LENGTH: { status: 404, code: 'request/not-found' },
  FST_ERR_ASYNC_CONSTRAINT: { status: 400, code: 'request/malformed' },
}

/** Every way to fail ends in one problem; what is unexpected is logged, told as 500 and says nothing of the inside. */
export const answerErrors = (app: FastifyInstance, log: Log): void => {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = inBatch(problemFor(error), request.routeOptions.url)
    if (problem.status === 500)
      log.error(
        { err: error, requestId: request.id, route: request.routeOptions.url ?? '' },
        'request failed',
      )
    return sendProblem(request, reply, problem)
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, { status: 404, code: 'request/not-found' }),
  )
}

const inBatch = (problem: Problem, route: string | undefined): Problem =>
  problem.code === 'request/not-json' && route === '/v1/batch'
    ? { status: 415, code: 'request/not-ndjson' }
    : problem

export const problemFor = (error: FastifyError): Problem => {
  if (error instanceof BadJson)
    return {
      status: 400,
      code: 'request/malformed',
      errors: [{ pointer: '', code: error.code, message: error.message }],
    }
  if (error instanceof StoreUnavailable || error instanceof IssuerUnavailable)
    return { status: 503, code: 'service/unavailable', retryAfter: 1 }
  if (error instanceof ViewNotReady) return { status: 503, code: 'service/behind', retryAfter: 1 }
  const known = refusals[error.code]
  if (known) return known
  if (error.statusCode === 429) return { status: 429, code: 'request/too-many', retryAfter: 10 }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return { status: error.statusCode, code: 'request/malformed' }
  return { status: 500, code: 'service/internal' }
}

/** For bytes that are not even a request: a problem on the bare socket. */
export const BAD_REQUEST =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nConnection: close\r\n\r\n' +
  '{"type":"urn:tsunagi:problem:request/malformed","title":"The request cannot be read.","status":400,"code":"request/malformed","retryable":false}'
