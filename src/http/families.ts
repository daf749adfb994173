import { z } from 'zod'
import { labelOf } from '#domain/codes/label.ts'
import { childPlacement } from '#domain/codes/lists.ts'
import { hubRoles } from '#domain/kernel/metadata.ts'
import type { Query } from '#domain/kernel/projection.ts'
import { date, plainText, sensitive, text } from '#domain/kernel/schema.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { type FamilyRow, families, type Member, wardOn } from '#projections/families.ts'
import { birthDateKey, cardKey, familySearch, nameKey, type SearchRow } from '#projections/family-search.ts'
import { type OpenItem, openItems } from '#projections/open-items.ts'
import type { ShownItem } from '#src/access/listed.ts'
import { isInConflict, type Principal } from '#src/access/principal.ts'
import { notFound, notTheirFamily, principalOf, type Shop } from './context.ts'
import { release } from './release.ts'
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
      if (!(await shop.relation.mayRead(principal, familyId)))
        return notTheirFamily(shop, request, reply, familyId)
      const kept = views.reader(families).get(familyId)
      if (!kept) return notFound(request, reply)
      return release(shop, familyId, request, reply, (reveal, header) => {
        const { row, isKnown, redacted } = reveal.family(kept)
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
          .flatMap((item) => reveal.item(item) ?? [])
        if (row.version > 0 && isKnown) header('ETag', `"${row.version}"`)
        const page = { ...familyPage(row, items, shop.system.now()), redacted }
        const shown = isKnown ? page : withoutRegister(page)
        return reveal.hidesWhereabouts ? withoutWhereabouts(shown, principal) : shown
      })
    },
  }),
  readRoute({
    path: '/v1/families',
    operationId: 'FindFamilies',
    summary:
      'Inside the caller’s own hub only, exact: by the number of the user card, or by name and birth date of a member (rather by POST /v1/families/search).',
    by: hubRoles,
    query: ByCardOrName,
    answer: foundFamilies,
    handle: ({ query: { card, name = '', birthDate = '' } }, request) =>
      card === undefined
        ? byName(shop, principalOf(request), name, birthDate)
        : byCard(shop, principalOf(request), card),
  }),
  readRoute({
    path: '/v1/families/search',
    operationId: 'SearchFamilies',
    summary:
      'The same by name and birth date, which stand in the body: a URL is written down everywhere (ADR 11).',
    by: hubRoles,
    askedIn: 'body',
    query: z.strictObject({ name: text(100), birthDate: sensitive(date()) }),
    answer: foundFamilies,
    handle: ({ query: { name, birthDate } }, request) => byName(shop, principalOf(request), name, birthDate),
  }),
]

const ByCardOrName = z
  .strictObject({
    card: plainText(40).optional(),
    name: text(100).optional(),
    birthDate: sensitive(date()).optional(),
  })
  .refine(
    ({ card, name, birthDate }) =>
      [name, birthDate].every((part) => (part === undefined) === (card !== undefined)),
    {
      path: ['card'],
      message: 'a card, or a name and a birth date',
      params: { code: 'card_or_name' },
    },
  )

const byCard = (shop: Shop, principal: Principal, card: string) =>
  found(principal, rowsOf(shop, principal, { card: shop.system.keyring.blind(cardKey(card)) }))

const byName = (shop: Shop, principal: Principal, name: string, born: string) => {
  const { blind } = shop.system.keyring
  const birthDate = blind(birthDateKey(born))
  const isOfThatDay = (row: SearchRow) =>
    row.birthDate === birthDate || rowsOf(shop, principal, { birthDate, familyId: row.familyId }).length > 0
  return found(principal, rowsOf(shop, principal, { name: blind(nameKey(name)) }).filter(isOfThatDay))
}

const rowsOf = (shop: Shop, { organizationId }: Principal, where: NonNullable<Query['where']>) =>
  shop.system.views.reader(familySearch).list({ where: { organization: organizationId, ...where } })

const found = (principal: Principal, rows: readonly SearchRow[]) => {
  const ids = new Set(rows.map(({ familyId }) => familyId).filter((id) => !isInConflict(principal, id)))
  return { families: [...ids].slice(0, MOST_FOUND).map((familyId) => ({ familyId })) }
}

const foundFamilies = { type: 'object', properties: { families: { type: 'array' } } } as const

/** What is open at another organisation is its own matter, unless one of the two is waiting for the other. */
const isTheirs = ({ role, organizationId }: Principal, { opener, owner, receiver }: OpenItem): boolean =>
  role === 'auditor' || [opener, owner, receiver].some((party) => party?.organizationId === organizationId)

const familyPage = (family: FamilyRow, items: readonly ShownItem[], now: string) => ({
  familyId: family.familyId,
  version: family.version,
  registeredOn: family.registeredOn ?? null,
  registeredAtSite: family.registeredAtSite ?? null,
  card: family.card ?? null,
  familyType: family.familyType ?? 'unknown',
  ward: wardOn(family, japanDate(now)),
  members: family.members.map(shownMember),
  openItems: items.map((item) => ({ ...item, due: item.due ?? null })),
  organizations: family.organizations,
})

type Page = ReturnType<typeof familyPage> & { readonly redacted: readonly string[] }

/** To whom the register is closed, the page says what is open and nothing else. */
const withoutRegister = (page: Page): Page => ({
  ...page,
  version: 0,
  registeredOn: null,
  registeredAtSite: null,
  familyType: 'unknown',
  ward: null,
})

/** R-ACC-2: of a household under protection, who they are, and nothing of where. */
const withoutWhereabouts = (page: Page, { organizationId }: Principal) => ({
  ...page,
  registeredAtSite: null,
  ward: null,
  members: page.members.map((member) => ({ ...member, contact: undefined })),
  organizations: page.organizations.filter((organization) => organization === organizationId),
  redacted: [...new Set([...page.redacted, 'registeredAtSite', 'ward', 'members.contact', 'organizations'])],
})

const shownMember = ({ placement, ...member }: Member) => ({
  ...member,
  ...(placement && { placement: { ...placement, label: labelOf(childPlacement, placement.code) } }),
})
