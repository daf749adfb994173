import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Role } from '#domain/kernel/metadata.ts'
import { hasReached, principalOf, type Shop } from './context.ts'
import { fieldErrors, sendProblem } from './problem.ts'

/** A way of reading, as the handler and the OpenAPI document both see it. */
export type ReadRoute<Q extends z.ZodObject = z.ZodObject> = {
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly by?: readonly Role[]
  /** `body`: asked by POST, because what is asked for is personal and a URL is written down everywhere (ADR 11). */
  readonly askedIn?: 'body'
  readonly query: Q
  /** Beyond what every reading answers: status and when. */
  readonly alsoAnswers?: Readonly<Record<string, string>>
  /** The media type of the answer, unless it is JSON. Such an answer may have no end. */
  readonly produces?: 'text/event-stream'
  /** JSON Schema of the answer. */
  readonly answer: Readonly<Record<string, unknown>>
  handle(
    asked: { query: z.output<Q>; params: Readonly<Record<string, string>> },
    request: FastifyRequest,
    reply: FastifyReply,
  ): unknown
}

/** What a change answers beyond what every reading does. */
export const CHANGE_ANSWERS = {
  201: 'Done; this began it.',
  409: 'Not possible in this state.',
  422: 'The key was used for another request.',
} as const

export const readRoute = <Q extends z.ZodObject>(route: ReadRoute<Q>): ReadRoute =>
  route as unknown as ReadRoute

/** Reads are checked, wait for `Min-Position` where asked, and are never kept by anybody on the way. */
export const readRoutes = (app: FastifyInstance, shop: Shop, routes: readonly ReadRoute[]): void => {
  for (const route of routes) {
    app.route<{ Params: Record<string, string> }>({
      method: route.askedIn === 'body' ? 'POST' : 'GET',
      exposeHeadRoute: route.produces === undefined && route.askedIn !== 'body',
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      async handler(request, reply) {
        if (route.by && !route.by.includes(principalOf(request).role))
          return sendProblem(request, reply, { status: 403, code: 'access/role-not-allowed' })
        const query = route.query.safeParse(route.askedIn === 'body' ? request.body : request.query)
        if (!query.success)
          return sendProblem(request, reply, {
            status: 400,
            code: 'request/invalid',
            errors: fieldErrors(query.error.issues),
          })
        if (!(await hasReached(shop, request, reply))) return reply
        return route.handle({ query: query.data, params: request.params }, request, reply)
      },
    })
  }
}
