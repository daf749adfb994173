import { z } from 'zod'
import { type AnyState, foldOf, type Lifecycle } from '#domain/kernel/lifecycle.ts'
import { mayKnow } from '#src/access/holder.ts'
import type { Principal } from '#src/access/principal.ts'
import { kebab } from '#src/write/execute.ts'
import { notFound, principalOf, type Shop } from './context.ts'
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
          const mayRead =
            version > 0 &&
            mayKnow(principal, lifecycle, state) &&
            (familyId === undefined || (await mayReadOf(shop, principal, lifecycle, familyId)))
          if (!mayRead) return notFound(request, reply)
          reply.header('ETag', `"${version}"`)
          const { status, ...rest } = principal.role === 'auditor' ? withoutNames(state) : state
          return { id, kind: kebab(lifecycle.name), version, state: status, ...rest }
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
