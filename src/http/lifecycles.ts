import { z } from 'zod'
import { type AnyState, foldOf, type Lifecycle } from '#domain/kernel/lifecycle.ts'
import { given } from '#domain/kernel/values.ts'
import { holderOf, mayKnow } from '#src/access/holder.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { kebab } from '#src/write/execute.ts'
import { notForThem, notFound, principalOf, type Shop } from './context.ts'
import { receivedOf } from './received.ts'
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
          if (version === 0) return notFound(request, reply)
          const principal = principalOf(request)
          const familyId = lifecycle.familyOf(state, id)
          const whose = given({ familyId, holder: holderOf(state).holder })
          const rule = await closedBy(shop, principal, lifecycle, state, familyId)
          if (rule !== undefined) return notForThem(request, reply, { rule, ...whose })
          const existing = { id, kind: kebab(lifecycle.name), version }
          const etag = `"${version}"`
          if (familyId === undefined)
            return reply.header('ETag', etag).send({ ...existing, ...told(withoutNames(state)) })
          return release(shop, familyId, request, reply, (reveal, header) => {
            const seen = reveal.thing(lifecycle.name, id, state)
            if (seen.effect === 'deny') return notForThem(request, reply, { rule: seen.ruleId, ...whose })
            if (!seen.state) return existing
            header('ETag', etag)
            const isLetter = lifecycle.name === 'referral'
            const received = isLetter && {
              deliveries: receivedOf(shop.system.views, id, seen.state, principal),
            }
            return { ...existing, ...told(seen.state), ...received }
          })
        },
      }),
    )

/** What keeps somebody from it before the table is asked; what is about a family is for `reveal` to say, as in every list. */
const closedBy = async (
  { relation, hidesWhereabouts }: Shop,
  principal: Principal,
  lifecycle: Lifecycle,
  state: AnyState,
  familyId: string | undefined,
): Promise<string | undefined> => {
  if (familyId === undefined) return mayKnow(principal, lifecycle, state) ? undefined : 'relation'
  if (isInConflict(principal, familyId)) return 'R-ACC-3'
  if (!(await relation.mayRead(principal, familyId))) return 'relation'
  // A visit says where a family was, and when: nothing of it is left to show of a household under protection.
  const isHidden = lifecycle.name === 'visit' && (await hidesWhereabouts(principal, familyId))
  return isHidden ? 'R-ACC-2' : undefined
}

const ELSEWHERE = new Set(['family', 'organization', 'site', 'subscription', 'feedConsumer'])

const told = ({ status, ...rest }: AnyState) => ({ state: status, ...rest })

/** What people are called stands in the directory, for those who work with them; what is kept of a secret, nowhere. */
const withoutNames = (state: AnyState & { displayName?: unknown; keys?: unknown }): AnyState => {
  const { displayName: _, keys, ...rest } = state
  return Array.isArray(keys) ? Object.assign(rest, { keys: keys.map(withoutDigest) }) : rest
}
const withoutDigest = ({ digest: _, ...key }: { readonly digest?: unknown }) => key
