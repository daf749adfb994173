import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { instant, plainText } from '#domain/kernel/schema.ts'
import type { Principal } from '#src/access/principal.ts'
import type { Log } from '#src/log.ts'
import type { Door } from '#src/write/commands.ts'
import { type InputLine, linesOf } from '#src/write/lines.ts'
import { problemOf, type RefusalTexts, receiptBody } from './commands.ts'
import { principalOf, type Shop } from './context.ts'
import { BadJson, parseJson } from './json.ts'
import { fieldErrors, type Problem } from './problem.ts'

export const Line = z.strictObject({
  command: plainText(80),
  collection: plainText(80),
  id: plainText(80),
  data: z.record(z.string(), z.unknown()).default({}),
  idempotencyKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional(),
  sourceSystem: plainText(80).optional(),
  sourceRecordedAt: instant().optional(),
})

export type Line = z.output<typeof Line>

export const MAX_LINE = 65_536

/** One line in, one answer out: `{ line, status, …receipt }` or `{ line, status, …problem }`. A refused line stops nothing. */
export type LineAnswer = Answered & { readonly line: number }
type Answered = { readonly status: number } & Readonly<Record<string, unknown>>

/** Who sends a line, and under which key where it names none. */
export type Sender = { readonly principal: Principal; readonly key?: string }

/** `schema`: the line's, or one that knows more; `sender` may say no to a line. */
export const batchLine = <L extends Line>(
  { handle }: Pick<Shop, 'handle'>,
  doors: readonly Door[],
  texts: RefusalTexts,
  schema: z.ZodType<L>,
) => {
  const byName = new Map(
    doors.flatMap((door) =>
      [door.path, door.name].map((name) => [`${door.lifecycle.collection}/${name}`, door]),
    ),
  )

  const answer = async (bytes: Buffer, sender: (line: L) => Promise<Sender | Problem>): Promise<Answered> => {
    const parsed = schema.safeParse(parseJson(bytes))
    if (!parsed.success)
      return problem({ status: 400, code: 'request/invalid', errors: fieldErrors(parsed.error.issues) })
    const { collection, command, id, data, idempotencyKey, sourceSystem, sourceRecordedAt } = parsed.data
    const door = byName.get(`${collection}/${command}`)
    if (!door)
      return problem({ status: 404, code: 'request/not-found', detail: 'No such collection or command.' })
    const who = await sender(parsed.data)
    if ('status' in who) return problem(who)
    const key = idempotencyKey ?? who.key
    const answered = await handle({
      door,
      id,
      body: data,
      principal: who.principal,
      ...(key !== undefined && { key }),
      provenance: { ...(sourceSystem && { sourceSystem }), ...(sourceRecordedAt && { sourceRecordedAt }) },
    })
    if (answered.kind !== 'done') {
      const { version: _, ...refused } = problemOf(answered, door, texts)
      return problem(refused)
    }
    return {
      status: answered.created ? 201 : 200,
      ...receiptBody(answered),
      ...(answered.replayed && { replayed: true }),
    }
  }

  return async (
    { number: line, bytes }: Pick<InputLine, 'number' | 'bytes'>,
    sender: (line: L) => Promise<Sender | Problem>,
  ): Promise<LineAnswer> => {
    if (bytes === undefined) return { line, ...problem({ status: 413, code: 'request/too-large' }) }
    try {
      return { line, ...(await answer(bytes, sender)) }
    } catch (error) {
      return { line, ...problem(unreadable(error)) }
    }
  }
}

const problem = ({ status, code, ...rest }: Problem) => ({ status, code, ...rest, retryable: status === 503 })

const unreadable = (error: unknown): Problem => {
  if (error instanceof BadJson) {
    const errors = [{ pointer: '', code: error.code, message: error.message }]
    return { status: 400, code: 'request/malformed', errors }
  }
  if (error instanceof Error && error.name === 'StoreUnavailable')
    return { status: 503, code: 'service/unavailable' }
  throw error
}

/** `POST /v1/batch`: NDJSON in, NDJSON out, in order, as it comes. For hubs with poor connections and for imports. */
export const batchRoute = (
  app: FastifyInstance,
  shop: Shop,
  doors: readonly Door[],
  texts: RefusalTexts,
  maxBytes: number,
  log: Log,
): void => {
  const answer = batchLine(shop, doors, texts, Line)
  /** What is broken here with one line stops no other. */
  const answerTo = (line: InputLine, principal: Principal): Promise<LineAnswer> =>
    answer(line, async () => ({ principal })).catch((error: unknown) => {
      log.error({ err: error, route: '/v1/batch' }, 'line failed')
      return { line: line.number, ...problem({ status: 500, code: 'service/internal' }) }
    })
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
      (_request, payload, done) => done(null, payload),
    )
    scope.post('/v1/batch', { bodyLimit: maxBytes }, async (request, reply) => {
      const principal = principalOf(request)
      const input = request.body instanceof Readable ? request.body : Readable.from([])
      async function* answers() {
        for await (const line of linesOf(input, MAX_LINE))
          yield `${JSON.stringify(await answerTo(line, principal))}\n`
      }
      return reply.type('application/x-ndjson').send(Readable.from(answers()))
    })
  })
}
