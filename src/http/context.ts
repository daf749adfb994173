import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RecordView } from '#src/access/access-log.ts'
import type { Identify, Principal } from '#src/access/principal.ts'
import type { Relation } from '#src/access/relation.ts'
import type { RevealTo } from '#src/access/reveal.ts'
import type { HidesWhereabouts } from '#src/access/whereabouts.ts'
import type { System } from '#src/system.ts'
import type { Handled } from '#src/write/handle.ts'
import { type Problem, sendProblem } from './problem.ts'

/** What every route works with. */
export type Shop = {
  readonly system: System
  readonly identify: Identify
  readonly relation: Relation
  readonly reveal: RevealTo
  readonly recordView: RecordView
  readonly hidesWhereabouts: HidesWhereabouts
  readonly handle: Handled
  /** Makes the pseudonym of a family for one subscriber. */
  readonly familyReference: (subscriber: string, familyId: string) => string
  /** Whoever waits for news stops waiting. */
  readonly isClosing: () => boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null
    /** Why something that is there was not shown: a rule's id, or that it is another's. */
    refusedBy: string | null
  }
}

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
