import { z } from 'zod'
import { labelOf } from '#domain/codes/label.ts'
import { childPlacement } from '#domain/codes/lists.ts'
import { hubRoles } from '#domain/kernel/metadata.ts'
import { date, plainText } from '#domain/kernel/schema.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { type FamilyRow, families, type Member, wardOn } from '#projections/families.ts'
import { familySearch, normalizedName } from '#projections/family-search.ts'
import { type OpenItem, openItems } from '#projections/open-items.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { notFound, principalOf, type Shop } from './context.ts'
import { type ReadRoute, readRoute } from './routes.ts'

const MOST_FOUND = 20

/** The head of a family's page, and how a hub finds a family. */
export const familyRoutes = (shop: Shop): readonly ReadRoute[] => [
  readRoute({
    path: '/v1/families/{id}',
    operationId: 'ReadFamily',
    summary: 'Members, the ward it lives in now, and what is open: whose, and until when.',
    query: z.strictObject({}),
    answer: { type: 'object' },
    async handle({ params }, request, reply) {
      const familyId = (params.id ?? '').toLowerCase()
      const principal = principalOf(request)
      const { views } = shop.system
      if (!(await shop.relation.mayRead(principal, familyId))) return notFound(request, reply)
      const family = views.reader(families).get(familyId)
      if (!family) return notFound(request, reply)
      const items = views
        .reader(openItems)
        .list({
          where: { family: familyId },
          orderBy: [
            ['openedOn', 'asc'],
            ['stream', 'asc'],
          ],
        })
        .filter((item) => isTheirs(principal, item))
      if (family.version > 0) reply.header('ETag', `"${family.version}"`)
      const page = familyPage(family, items, shop.system.now(), principal.role === 'auditor')
      return (await shop.hidesWhereabouts(principal, familyId)) ? withoutWhereabouts(page, principal) : page
    },
  }),
  readRoute({
    path: '/v1/families',
    operationId: 'FindFamilies',
    summary: 'Inside the caller’s own hub only, exact: by card, or by name and birth date.',
    by: hubRoles,
    query: z
      .strictObject({
        card: plainText(40).optional(),
        name: plainText(100).optional(),
        birthDate: date().optional(),
      })
      .refine(
        ({ card, name, birthDate }) =>
          (card !== undefined) !== (name !== undefined && birthDate !== undefined),
        {
          path: ['card'],
          message: 'give `card`, or `name` and `birthDate`',
          params: { code: 'required' },
        },
      ),
    answer: { type: 'object', properties: { families: { type: 'array' } } },
    handle({ query: { card, name, birthDate } }, request) {
      const principal = principalOf(request)
      const { organizationId } = principal
      const reader = shop.system.views.reader(familySearch)
      const found = reader.list({
        where: {
          organization: organizationId,
          ...(card !== undefined ? { card } : { name: normalizedName(name ?? '') }),
        },
      })
      const inFamily = (familyId: string) =>
        reader.count({ where: { organization: organizationId, birthDate: birthDate ?? '', familyId } }) > 0
      const ids = new Set(
        found
          .filter((row) => card !== undefined || row.birthDate === birthDate || inFamily(row.familyId))
          .map((row) => row.familyId)
          .filter((familyId) => !isInConflict(principal, familyId)),
      )
      return { families: [...ids].slice(0, MOST_FOUND).map((familyId) => ({ familyId })) }
    },
  }),
]

/** What is open at another organisation is its own matter, unless one of the two is waiting for the other. */
const isTheirs = ({ role, organizationId }: Principal, { opener, owner, receiver }: OpenItem): boolean =>
  role === 'auditor' || [opener, owner, receiver].some((party) => party?.organizationId === organizationId)

const familyPage = (family: FamilyRow, items: readonly OpenItem[], now: string, masked: boolean) => ({
  familyId: family.familyId,
  version: family.version,
  registeredOn: family.registeredOn ?? null,
  registeredAtSite: family.registeredAtSite ?? null,
  card: family.card ?? null,
  familyType: family.familyType ?? 'unknown',
  ward: wardOn(family, japanDate(now)),
  members: family.members.map((member) => (masked ? maskedMember(member) : shownMember(member))),
  openItems: items.map(({ opener: _, receiver: __, ...item }) => ({ ...item, due: item.due ?? null })),
  organizations: family.organizations,
})

/** R-ACC-2: of a household under protection, who they are, and nothing of where. */
const withoutWhereabouts = (page: ReturnType<typeof familyPage>, { organizationId }: Principal) => ({
  ...page,
  registeredAtSite: null,
  ward: null,
  members: page.members.map((member) => ({ ...member, contact: undefined })),
  organizations: page.organizations.filter((organization) => organization === organizationId),
  redacted: ['registeredAtSite', 'ward', 'members.contact', 'organizations'],
})

const shownMember = ({ placement, ...member }: Member) => ({
  ...member,
  ...(placement && { placement: { ...placement, label: labelOf(childPlacement, placement.code) } }),
})

const maskedMember = ({ personId, as, relation }: Member) => ({ personId, as, ...(relation && { relation }) })
