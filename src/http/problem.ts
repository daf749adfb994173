import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Lifecycle, RefusalText } from '#domain/kernel/lifecycle.ts'

export type FieldError = { readonly pointer: string; readonly code: string; readonly message: string }

export type Problem = {
  readonly status: number
  readonly code: string
  readonly detail?: string
  readonly state?: string
  readonly errors?: readonly FieldError[]
  readonly retryAfter?: number
  /** Members of this problem alone (RFC 9457, 3.2). */
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** What the door itself says; each lifecycle brings its own refusals with their words. */
export const titles = {
  'request/invalid': 'The request does not fit its schema.',
  'request/malformed': 'The request cannot be read.',
  'request/not-found': 'There is nothing here.',
  'request/method-not-allowed': 'This address does not take that method.',
  'request/too-large': 'The request is too large.',
  'request/not-json': 'The body must be application/json.',
  'request/not-ndjson': 'The body must be application/x-ndjson.',
  'request/too-many': 'Too many requests.',
  'request/key-reused': 'This Idempotency-Key was used for another request.',
  'request/stale': 'It has changed since you read it.',
  'access/no-token': 'A bearer token is needed.',
  'access/bad-token': 'The token is not valid here.',
  'access/not-staff': 'The token names nobody who works here.',
  'access/scope-missing': 'This key is not for that.',
  'access/role-not-allowed': 'This role may not do that.',
  'feed/no-longer-kept': 'The feed does not keep so long what came after that place.',
  'feed/too-many-streams': 'Enough streams of yours are open here.',
  'service/unavailable': 'Not possible at the moment; trying again with the same key is safe.',
  'service/closing': 'This server is shutting down; another one answers.',
  'service/behind': 'The view has not reached that position yet.',
  'service/internal': 'Something is broken here.',
} as const satisfies Record<string, string>

export type ProblemCode = keyof typeof titles

/** Titles and statuses of every refusal any lifecycle can give, from their own declarations. */
export const refusalTexts = (
  lifecycles: readonly Lifecycle[],
): ReadonlyMap<string, { title: string; status: number }> =>
  new Map(
    lifecycles.flatMap(({ refusals }) =>
      Object.entries(refusals).map(
        ([code, text]) => [code, { title: titleOf(text), status: statusOf(text) }] as const,
      ),
    ),
  )

const titleOf = (text: RefusalText): string => (typeof text === 'string' ? text : text[0])
const statusOf = (text: RefusalText): number => (typeof text === 'string' ? 409 : text[1])

/** RFC 9457. Retrying helps only where the service, not the request, was at fault. */
export const sendProblem = (
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem & { title?: string },
) => {
  const { status, code, detail, state, errors, retryAfter, extensions } = problem
  const retryable = status === 503 || status === 429
  if (retryable) reply.header('Retry-After', String(retryAfter ?? 1))
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer')
  return reply
    .code(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:tsunagi:problem:${code}`,
        title: problem.title ?? titles[code as ProblemCode] ?? code,
        status,
        detail,
        instance: `urn:tsunagi:request:${request.id}`,
        code,
        state,
        errors,
        retryable,
        ...extensions,
      }),
    )
}

/** Where a schema says no: pointer, code and words; never the value. */
export const fieldErrors = (issues: readonly z.core.$ZodIssue[]): readonly FieldError[] =>
  issues.flatMap((issue) => errorsOf(issue, [])).slice(0, 100)

const errorsOf = (issue: z.core.$ZodIssue, above: readonly PropertyKey[]): FieldError[] => {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      pointer: pointerTo(PLAIN_NAME.test(key) ? [...path, key] : path),
      code: 'unknown_field',
      message: 'no such field here',
    }))
  // The branch that came closest says it best.
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const closest = issue.errors.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best))
    const inside = closest.flatMap((inner) => errorsOf(inner, path))
    if (inside.length > 0) return inside
  }
  return [{ pointer: pointerTo(path), ...wordsFor(issue) }]
}

const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9]{0,39}$/

const depth = (branch: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...branch.map(({ path }) => path.length))

const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

const wordsFor = (issue: z.core.$ZodIssue): { code: string; message: string } => {
  if (issue.code === 'custom') {
    const code = (issue.params as { code?: string } | undefined)?.code ?? 'invalid'
    return { code, message: issue.message }
  }
  // A missing field is an `invalid_type` whose input is undefined; zod says so only in its message.
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return { code: 'required', message: `expected ${issue.expected}` }
  if (issue.code === 'invalid_type') return { code: 'wrong_type', message: `expected ${issue.expected}` }
  if (issue.code === 'invalid_value')
    return { code: 'unknown_code', message: `one of ${issue.values.join(', ')}` }
  if (issue.code === 'invalid_format') return { code: 'wrong_format', message: `expected ${issue.format}` }
  if (issue.code === 'too_small' || issue.code === 'too_big')
    return { code: issue.code, message: limitOf(issue) }
  return { code: issue.code, message: 'invalid' }
}

const limitOf = (issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string =>
  issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`

/** Why somebody is not let in. */
export const refusedIdentity = {
  'no-token': { status: 401, code: 'access/no-token' },
  'bad-token': { status: 401, code: 'access/bad-token' },
  'not-staff': { status: 401, code: 'access/not-staff' },
} as const satisfies Record<string, Problem>
