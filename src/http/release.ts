import type { FastifyReply, FastifyRequest } from 'fastify'
import { purpose } from '#domain/codes/purpose.ts'
import type { Reveal } from '#src/access/reveal.ts'
import { notTheirFamily, principalOf, type Shop } from './context.ts'
import { refusedIdentity, sendProblem } from './problem.ts'

/** How often an answer is made anew because what may be seen changed while it was made. */
const ATTEMPTS = 5

/**
 * Makes an answer out of what may be revealed of a family, writes down who saw it, and only then lets it go. What a consent
 * or a protection forbids from some position on is not released after it: once the access is recorded, the same questions
 * are asked again, and another answer means beginning anew.
 */
export const release = async (
  shop: Shop,
  familyId: string,
  request: FastifyRequest,
  reply: FastifyReply,
  make: (reveal: Reveal, header: (name: string, value: string) => void) => object,
): Promise<unknown> => {
  const why = purposeOf(request)
  if (why === undefined)
    return sendProblem(request, reply, {
      status: 400,
      code: 'request/invalid',
      detail: `X-Purpose is one of ${Object.keys(purpose.labels).join(', ')}.`,
    })
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    const principal = principalOf(request)
    const reveal = await shop.reveal(principal, familyId)
    // What an answer says of itself leaves with it, or not at all.
    const headers = new Map<string, string>()
    const answer = shop.system.keyring.atOnce(() => make(reveal, (name, value) => headers.set(name, value)))
    const released = reveal.released()
    const letGo = (payload: object) => {
      for (const [name, value] of headers) reply.header(name, value)
      return payload
    }
    if (!released) return letGo(answer)
    // Answers wait for the log as bytes: as objects, the collector would look through all of them again and again.
    const bytes = Buffer.from(JSON.stringify(answer))
    headers.set('Content-Type', 'application/json; charset=utf-8')
    await shop.accessLog.viewed({
      principal,
      familyId,
      purpose: why,
      route: request.routeOptions.url ?? '',
      released,
      requestId: request.id,
    })
    // Asked anew from who it is on: a role or a conflict may have changed as well.
    const now = await shop.identify(request.headers.authorization)
    if (typeof now === 'string') return sendProblem(request, reply, refusedIdentity[now])
    request.principal = now
    if (!(await shop.relation.mayRead(now, familyId))) return notTheirFamily(shop, request, reply, familyId)
    if ((await shop.reveal(now, familyId)).signature === reveal.signature) return letGo(bytes)
  }
  return sendProblem(request, reply, { status: 503, code: 'service/unavailable', retryAfter: 1 })
}

const purposeOf = ({ headers }: FastifyRequest): string | undefined => {
  const given = headers['x-purpose'] ?? 'support'
  return typeof given === 'string' && Object.hasOwn(purpose.labels, given) ? given : undefined
}
