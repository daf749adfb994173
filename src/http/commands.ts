import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { uuidV7 } from '#src/write/command-id.ts'
import type { Door } from '#src/write/commands.ts'
import { kebab, type Receipt } from '#src/write/execute.ts'
import type { Answer } from '#src/write/handle.ts'
import { principalOf, type Shop } from './context.ts'
import { fieldErrors, type Problem, sendProblem } from './problem.ts'

export type RefusalTexts = ReadonlyMap<string, { readonly title: string; readonly status: number }>

const KEY = /^[\x21-\x7e]{1,255}$/
const STRONG_ETAG = /^"(\d{1,9})"$/

/** One route for each command, derived from its schema. */
export const commandRoutes = (
  app: FastifyInstance,
  shop: Shop,
  doors: readonly Door[],
  texts: RefusalTexts,
): void => {
  for (const door of doors) {
    app.post<{ Params: { id: string } }>(
      `/v1/${door.lifecycle.collection}/:id/${door.path}`,
      async (request, reply) => {
        const key = keyIn(request)
        const ifMatch = request.headers['if-match']
        if (typeof key !== 'string') return sendProblem(request, reply, key)
        const version = ifMatch === undefined || ifMatch === '*' ? undefined : STRONG_ETAG.exec(ifMatch)?.[1]
        if (version === undefined && ifMatch !== undefined && ifMatch !== '*')
          return sendProblem(
            request,
            reply,
            invalidHeader('If-Match: the ETag of an earlier answer, in quotes.'),
          )
        const answer = await shop.handle({
          door,
          id: request.params.id,
          body: request.body === undefined ? {} : request.body,
          principal: principalOf(request),
          key,
          ...(ifMatch !== undefined && { expected: version === undefined ? 'some' : Number(version) }),
        })
        return answer.kind === 'done'
          ? sendReceipt(reply, answer)
          : sendRefusal(request, reply, problemOf(answer, door, texts))
      },
    )
  }
}

/** The command's id: the caller's `Idempotency-Key`, or a new one. */
export const keyIn = ({ headers }: FastifyRequest): string | Problem => {
  const { 'idempotency-key': key = uuidV7() } = headers
  return typeof key === 'string' && KEY.test(key)
    ? key
    : invalidHeader('Idempotency-Key: 1 to 255 visible ASCII characters.')
}

const invalidHeader = (detail: string): Problem => ({ status: 400, code: 'request/invalid', detail })

/** What a receipt says, over HTTP and in a batch alike. */
export const receiptBody = ({ id, version, position, events }: Receipt) => ({
  id,
  version,
  position: position === undefined ? null : String(position),
  events,
})

/** `more`: what is told once, with the receipt. */
export const sendReceipt = (reply: FastifyReply, receipt: Receipt, more: object = {}) => {
  reply.header('ETag', `"${receipt.version}"`)
  if (receipt.position !== undefined) reply.header('Commit-Position', String(receipt.position))
  if (receipt.replayed) reply.header('Idempotency-Replayed', 'true')
  return reply.code(receipt.created ? 201 : 200).send({ ...receiptBody(receipt), ...more })
}

type Refused = Problem & { readonly title?: string; readonly version?: number }

export const sendRefusal = (
  request: FastifyRequest,
  reply: FastifyReply,
  { version, ...problem }: Refused,
) => {
  if (version !== undefined) reply.header('ETag', `"${version}"`)
  return sendProblem(request, reply, problem)
}

/** Each way in which a command is not carried out, as a problem. */
export const problemOf = (
  answer: Exclude<Answer, Receipt>,
  door: Pick<Door, 'lifecycle'>,
  texts: RefusalTexts,
): Refused => {
  switch (answer.kind) {
    case 'invalid':
      return { status: 400, code: 'request/invalid', errors: fieldErrors(answer.issues) }
    case 'misdated':
      return { status: 400, code: 'request/invalid', errors: [answer.error] }
    case 'roleNotAllowed':
      return { status: 403, code: 'access/role-not-allowed' }
    case 'scopeMissing':
      return { status: 403, code: 'access/scope-missing' }
    case 'notFound':
    case 'hidden':
      return notThere(door)
    case 'keyReused':
      return { status: 422, code: 'request/key-reused' }
    case 'stale':
      return { status: 412, code: 'request/stale', version: answer.version }
    case 'refused':
      return refusedBy(answer, door, texts)
  }
}

const notThere = ({ lifecycle }: Pick<Door, 'lifecycle'>): Refused => ({
  status: 404,
  code: `${kebab(lifecycle.name)}/not-found`,
  title: 'There is nothing here, or nothing for you.',
})

const refusedBy = (
  { refusal, state, version }: Extract<Answer, { kind: 'refused' }>,
  door: Pick<Door, 'lifecycle'>,
  texts: RefusalTexts,
): Refused => {
  const { refused: code, detail, pointer } = refusal
  if (code.endsWith('/not-found')) return notThere(door)
  const { title, status } = texts.get(code) ?? { title: 'Not possible in this state.', status: 409 }
  if (status === 404) return notThere(door)
  return {
    status,
    code,
    title,
    detail,
    ...(status === 409 && { state, version }),
    ...(pointer !== undefined && {
      errors: [{ pointer, code: code.slice(code.indexOf('/') + 1), message: detail }],
    }),
  }
}
