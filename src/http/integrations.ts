import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { integration } from '#domain/integration/integration.ts'
import { date } from '#domain/kernel/schema.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { makeApiKey, writeApiKey } from '#infra/auth/api-key.ts'
import { digestOf } from '#src/access/integration-key.ts'
import { actorOf } from '#src/access/principal.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { notFound, principalOf, type Shop } from './context.ts'
import { fieldErrors, sendProblem } from './problem.ts'

const Wanted = z.strictObject({ expiresOn: date() })

/** `POST /v1/integrations/{id}/keys`: the one answer in which a key's secret is ever seen. Asked again, it makes another key. */
export const integrationRoutes = (app: FastifyInstance, shop: Shop): void => {
  app.post<{ Params: { id: string } }>('/v1/integrations/:id/keys', async (request, reply) => {
    const principal = principalOf(request)
    if (principal.role !== 'admin')
      return sendProblem(request, reply, { status: 403, code: 'access/role-not-allowed' })
    const wanted = Wanted.safeParse(request.body)
    if (!wanted.success)
      return sendProblem(request, reply, {
        status: 400,
        code: 'request/invalid',
        errors: fieldErrors(wanted.error.issues),
      })
    if (!/^[A-Za-z0-9][A-Za-z0-9-]{2,63}$/.test(request.params.id)) return notFound(request, reply)
    const { execute, keyring, now } = shop.system
    const made = makeApiKey(request.params.id)
    const at = now()
    const outcome = await execute({
      lifecycle: integration,
      name: 'IssueApiKey',
      id: made.integration,
      data: { key: made.key, digest: digestOf(keyring, made), ...wanted.data },
      actor: actorOf(principal),
      occurrence: { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' },
      commandId: uuidV7(),
    })
    if (outcome.kind === 'refused') {
      if (outcome.state === 'none') return notFound(request, reply)
      const { refused: code, detail, pointer } = outcome.refusal
      const status = code === 'integration/expiry' ? 400 : 409
      const errors = pointer === undefined ? {} : { errors: [{ pointer, code, message: detail }] }
      return sendProblem(request, reply, { status, code, detail, ...errors })
    }
    if (outcome.kind !== 'done')
      return sendProblem(request, reply, { status: 503, code: 'service/unavailable' })
    return reply.code(201).send({
      integration: made.integration,
      key: made.key,
      expiresOn: wanted.data.expiresOn,
      secret: writeApiKey(made),
      note: 'Shown once. It is kept nowhere; lost, it is revoked and another one made.',
    })
  })
}
