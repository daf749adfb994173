import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import helmet from '@fastify/helmet'
import swagger, { type StaticDocumentSpec } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { KEPT_DAYS } from '#domain/feed/place.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import type { Counts } from '#infra/redis/shared-counts.ts'
import { accessLogIn } from '#src/access/access-log.ts'
import type { Identify } from '#src/access/principal.ts'
import { relationIn } from '#src/access/relation.ts'
import { revealIn } from '#src/access/reveal.ts'
import { whereaboutsIn } from '#src/access/whereabouts.ts'
import { keeping } from '#src/feed/kept.ts'
import type { Log } from '#src/log.ts'
import type { System } from '#src/system.ts'
import { doorsOf } from '#src/write/commands.ts'
import { handler } from '#src/write/handle.ts'
import { accessLogRoutes } from './access-log.ts'
import { asSeenRoute } from './as-seen.ts'
import { asyncApi } from './asyncapi.ts'
import { auditRoute } from './audit.ts'
import { batchRoute } from './batch.ts'
import { commandRoutes } from './commands.ts'
import { principalOf, type Refused, type Shop } from './context.ts'
import { directoryRoutes } from './directory.ts'
import { erasureRoutes } from './erasure.ts'
import { answerErrors, BAD_REQUEST, problemFor } from './errors.ts'
import { familyRoutes } from './families.ts'
import { feedConsumerRoutes } from './feed/consumers.ts'
import { feedRoute } from './feed/pull.ts'
import { feedStreamRoute, type StreamTimes } from './feed/stream.ts'
import { integrationRoutes } from './integrations.ts'
import { parseJson } from './json.ts'
import { lifecycleRoutes } from './lifecycles.ts'
import { openApiOf } from './openapi.ts'
import { personsRequestRoutes, withTheLog } from './persons-requests.ts'
import { refusalTexts, refusedIdentity, sendProblem } from './problem.ts'
import { limitRate } from './rate-limit.ts'
import { type ReadRoute, readRoutes } from './routes.ts'
import { subscriptionPages } from './subscription-pages.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { timelineRoute } from './timeline.ts'
import { worklistRoute } from './worklists.ts'

export type AppOptions = {
  readonly system: System
  readonly identify: Identify
  readonly familyReference: Shop['familyReference']
  readonly log: Log
  /** How far back the feed of referral events is told. */
  readonly feedKeptDays?: number | undefined
  readonly streamTimes?: StreamTimes | undefined
  /** 0: none. */
  readonly ratePerMinute: number
  /** Who has asked how often, where several nodes share it. Absent: this node counts for itself. */
  readonly counts?: Counts | undefined
  /** Says in every answer that the tokens are the program's own. */
  readonly devMode: boolean
}

const BODY_LIMIT = 64 * 1024
const BATCH_LIMIT = 64 * 1024 * 1024
const OPEN = ['/livez', '/readyz', '/openapi.json', '/asyncapi.json', '/docs']

/** Data for programs, never a page: the pages under `/docs` have headers of their own. */
const ON_EVERY_ANSWER = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** The door. Builds only; whoever calls it listens, or injects. */
export const buildApp = async (options: AppOptions): Promise<FastifyInstance> => {
  const { system, identify, log } = options
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
    genReqId: () => randomUUID(),
    // Said as a problem in the hook below, like everything else.
    return503OnClosing: false,
    requestTimeout: 60_000,
    frameworkErrors: (error, request, reply) => {
      void sendProblem(request, reply, problemFor(error))
    },
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(BAD_REQUEST)
    },
  })
  let isClosing = false
  const relation = relationIn(system)
  const shop: Shop = {
    system,
    identify,
    relation,
    reveal: revealIn(system),
    accessLog: accessLogIn(system),
    hidesWhereabouts: whereaboutsIn(system),
    handle: withTheLog(system, handler(system, relation)),
    familyReference: options.familyReference,
    feedKept: keeping({ ...system, days: options.feedKeptDays ?? KEPT_DAYS }),
    isClosing: () => isClosing,
  }
  const doors = doorsOf(lifecycles)
  const texts = refusalTexts(lifecycles)
  const reads: readonly ReadRoute[] = [
    ...familyRoutes(shop),
    timelineRoute(shop),
    ...lifecycleRoutes(shop, lifecycles),
    ...directoryRoutes(shop),
    worklistRoute(shop),
    feedRoute(shop),
    feedStreamRoute(shop, options.streamTimes),
    ...feedConsumerRoutes(shop, texts),
    auditRoute(shop),
    asSeenRoute(shop),
    ...accessLogRoutes(shop),
    ...erasureRoutes(shop),
    ...personsRequestRoutes(shop),
    ...subscriptionPages(shop),
    ...subscriptionRoutes(shop, texts),
  ]

  answerErrors(app, log)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => (body.length === 0 ? undefined : parseJson(body)),
  )
  app.decorateRequest('principal', null)
  app.decorateRequest('refused', null)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(ON_EVERY_ANSWER)
    if (options.devMode) reply.header('Tsunagi-Mode', 'dev')
    if (isClosing) return sendProblem(request, reply, { status: 503, code: 'service/closing' })
    const { url = '' } = request.routeOptions
    if (OPEN.some((path) => url === path || url.startsWith(`${path}/`))) return
    const who = await identify(request.headers.authorization)
    if (typeof who === 'string') return sendProblem(request, reply, refusedIdentity[who])
    request.principal = who
  })
  const lines = new Set<Socket>()
  app.server.on('connection', (socket) => {
    lines.add(socket)
    socket.once('close', () => lines.delete(socket))
  })
  // Written when their answers have gone, and still before the log is closed.
  const noting = new Set<Promise<void>>()
  app.addHook('onClose', () => Promise.all(noting).then(() => undefined))
  app.addHook('preClose', (done) => {
    isClosing = true
    if (app.server.listening) hangUpWhenAnswered(app.server, lines)
    done()
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('Connection', 'close')
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    if (request.refused !== null) noteRefusal(shop, log, request, request.refused, noting)
    log.debug(
      {
        route: request.routeOptions.url,
        method: request.method,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        requestId: request.id,
        role: request.principal?.role,
      },
      'answered',
    )
    done()
  })

  if (options.ratePerMinute > 0) await limitRate(app, options.ratePerMinute, options.counts)
  const document = openApiOf(doors, reads, texts)
  // The plugin's types stop at OpenAPI 3.0; it only hands the document on.
  const specification = { document } as unknown as StaticDocumentSpec
  await app.register(swagger, { mode: 'static', specification })
  await app.register(async (pages) => {
    await pages.register(helmet, { contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } })
    await pages.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
  })

  app.get('/livez', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const readiness = system.readiness()
    return reply.code(readiness.status === 'ok' ? 200 : 503).send(readiness)
  })
  app.get('/openapi.json', async () => document)
  app.get('/asyncapi.json', async () => asyncApi)
  commandRoutes(app, shop, doors, texts)
  batchRoute(app, shop, doors, texts, BATCH_LIMIT, log)
  readRoutes(app, shop, reads)
  integrationRoutes(app, shop)
  return app
}

/** After the answer has gone: how long it takes must not tell that there is something. */
const noteRefusal = (
  { accessLog }: Shop,
  log: Log,
  request: FastifyRequest,
  { familyId, ...refused }: Refused,
  noting: Set<Promise<void>>,
): void => {
  const principal = principalOf(request)
  const asked = { route: request.routeOptions.url ?? '', requestId: request.id }
  const { role, staffId } = principal
  log.info({ ...asked, role, staffId, rule: refused.rule }, 'reading refused')
  if (familyId === undefined) return
  const note = accessLog
    .refused({ ...asked, ...refused, principal, familyId })
    .catch((error: unknown) => log.warn({ ...asked, err: error }, 'a refused reading was not written down'))
    .finally(() => noting.delete(note))
  noting.add(note)
}

/**
 * A connection that was busy when closing began would stay open for its keep-alive time after its answer, and one that has never
 * asked anything until it is given up for that.
 */
const hangUpWhenAnswered = (server: FastifyInstance['server'], lines: ReadonlySet<Socket>): void => {
  const hangUp = () => {
    server.closeIdleConnections()
    for (const line of lines) if (line.bytesRead === 0) line.destroy()
  }
  const looking = setInterval(hangUp, 50)
  server.once('close', () => clearInterval(looking))
}
