import { z } from 'zod'
import { type AnyState, foldOf, type Lifecycle } from '#domain/kernel/lifecycle.ts'
import { holderOf, mayKnow } from '#src/access/holder.ts'
import type { Principal } from '#src/access/principal.ts'
import { kebab } from '#src/write/execute.ts'
import { notFound, principalOf, type Shop } from './context.ts'
import { release } from './release.ts'
import { type ReadRoute, readRoute } from './routes.ts'

/** `GET /v1/{collection}/{id}`: the state of one lifecycle, as its commands see it. Families and the directory have pages of their own. */
export const lifecycleRoutes = (shop: Shop, lifecycles: readonly Lifecycle[]): readonly ReadRoute[] =>
  lifecycles
    .filter(({ name }) => !ELSEWHERE.has(name))
    .map((lifecycle) =>
      readRoute({
        path: `/v1/${lifecycle.collection}/{id}`,
        operationId: `Read${lifecycle.name[0]?.toUpperCase()}${lifecycle.name.slice(1)}`,
        summary: `${lifecycle.titleJa}: its state now.`,
        query: z.strictObject({}),
        answer: {
          type: 'object',
          properties: { id: { type: 'string' }, version: { type: 'integer' }, state: { type: 'string' } },
        },
        async handle({ params }, request, reply) {
          const id = lifecycle.readableIds ? (params.id ?? '') : (params.id ?? '').toLowerCase()
          if (!/^[A-Za-z0-9-]{3,64}$/.test(id)) return notFound(request, reply)
          const { state, version } = await shop.system.view(foldOf(lifecycle), id)
          const principal = principalOf(request)
          const familyId = version === 0 ? undefined : lifecycle.familyOf(state, id)
          // What is about a family is for `reveal` to say, as in every list; the rest is its organisation's.
          const mayRead =
            version > 0 &&
            (familyId === undefined
              ? mayKnow(principal, lifecycle, state)
              : await mayReadOf(shop, principal, lifecycle, familyId))
          if (!mayRead) {
            if (version > 0) request.refusedBy = 'holder'
            return notFound(request, reply)
          }
          const { status, ...rest } = principal.role === 'auditor' ? withoutNames(state) : state
          const existing = { id, kind: kebab(lifecycle.name), version }
          const whole = () => {
            reply.header('ETag', `"${version}"`)
            return { ...existing, state: status, ...rest }
          }
          if (familyId === undefined) return whole()
          return release(shop, familyId, request, reply, (reveal) => {
            const effect = reveal.thing(lifecycle.name, holderOf(state), id)
            if (effect === 'deny') {
              request.refusedBy = `4.6/${lifecycle.name}/${principal.role}`
              return notFound(request, reply)
            }
            return effect === 'existence' ? existing : whole()
          })
        },
      }),
    )

/** A visit says where a family was, and when: nothing of it is left to show of a household under protection (R-ACC-2). */
const mayReadOf = async (
  { relation, hidesWhereabouts }: Shop,
  principal: Principal,
  { name }: Lifecycle,
  familyId: string,
): Promise<boolean> =>
  (await relation.mayRead(principal, familyId)) &&
  !(name === 'visit' && (await hidesWhereabouts(principal, familyId)))

const ELSEWHERE = new Set(['family', 'organization', 'site'])

/** What people are called is not the auditor's matter (dossier 4.6). */
const withoutNames = (state: AnyState & { displayName?: unknown }): AnyState => {
  const { displayName: _, ...rest } = state
  return rest
}
