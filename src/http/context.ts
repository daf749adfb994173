import type { FastifyReply, FastifyRequest } from 'fastify'
import { families } from '#projections/families.ts'
import type { AccessLog, Refusing } from '#src/access/access-log.ts'
import { type Identify, isInConflict, type Principal } from '#src/access/principal.ts'
import type { Relation } from '#src/access/relation.ts'
import type { RevealTo } from '#src/access/reveal.ts'
import type { HidesWhereabouts } from '#src/access/whereabouts.ts'
import type { Keeping } from '#src/feed/kept.ts'
import type { System } from '#src/system.ts'
import type { Handled } from '#src/write/handle.ts'
import { type Problem, sendProblem } from './problem.ts'

/** What every route works with. */
export type Shop = {
  readonly system: System
  readonly identify: Identify
  readonly relation: Relation
  readonly reveal: RevealTo
  readonly accessLog: AccessLog
  readonly hidesWhereabouts: HidesWhereabouts
  readonly handle: Handled
  /** Makes the pseudonym of a family for one subscriber. */
  readonly familyReference: (subscriber: string, familyId: string) => string
  /** How long the feed of referral events is kept. */
  readonly feedKept: Keeping
  /** Whoever waits for news stops waiting. */
  readonly isClosing: () => boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null
    /** Something is there and was not shown. */
    refused: Refused | null
  }
}

export type Refused = Pick<Refusing, 'rule' | 'holder'> & { readonly familyId?: string }

/** The one who asks; routes that need nobody never call it. */
export const principalOf = ({ principal }: FastifyRequest): Principal => {
  if (!principal) throw new Error('this route is not behind the door')
  return principal
}

const CATCH_UP_MS = 2_000
const POSITION = /^\d{1,19}$/

/** `Min-Position`: the view must have reached what the caller has written. False: a problem has been sent. */
export const hasReached = async (
  shop: Shop,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> => {
  const wanted = request.headers['min-position']
  if (wanted === undefined) return true
  const fail = (problem: Problem) => {
    sendProblem(request, reply, problem)
    return false
  }
  if (typeof wanted !== 'string' || !POSITION.test(wanted))
    return fail({
      status: 400,
      code: 'request/invalid',
      detail: 'Min-Position is a Commit-Position of an earlier answer.',
    })
  if (await shop.system.projector.reached(BigInt(wanted), CATCH_UP_MS)) return true
  return fail({ status: 503, code: 'service/behind', retryAfter: 1 })
}

export const notFound = (request: FastifyRequest, reply: FastifyReply) =>
  sendProblem(request, reply, { status: 404, code: 'request/not-found' })

/** What is there and not for them is answered like nothing; that they asked is noted when the answer has gone. */
export const notForThem = (request: FastifyRequest, reply: FastifyReply, refused: Refused) => {
  request.refused = refused
  return notFound(request, reply)
}

/** Nothing of this family is for them, or there is no such family. */
export const notTheirFamily = (
  { system: { views } }: Shop,
  request: FastifyRequest,
  reply: FastifyReply,
  familyId: string,
) => {
  const row = views.reader(families).get(familyId)
  if (!row) return notFound(request, reply)
  const rule = isInConflict(principalOf(request), familyId) ? 'R-ACC-3' : 'relation'
  return notForThem(request, reply, {
    familyId,
    rule,
    ...(row.registeredBy !== undefined && { holder: row.registeredBy }),
  })
}
