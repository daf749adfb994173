import { z } from 'zod'
import { WardCode } from '#domain/codes/ward-code.ts'
import { OrganizationId } from '#domain/ids.ts'
import { date } from '#domain/kernel/schema.ts'
import { type DirectoryRow, directory } from '#projections/directory.ts'
import { notFound, type Shop } from './context.ts'
import { type ReadRoute, readRoute } from './routes.ts'

const Filter = z.strictObject({
  ward: WardCode.optional(),
  kind: z.string().max(40).optional().describe('hub, ward, city, partner kind; main or satellite.'),
  activeOn: date().optional().describe('Only those that exist on that day.'),
})

const answer = {
  type: 'object',
  required: ['id', 'kind', 'name'],
  properties: {
    id: { type: 'string' },
    kind: { type: 'string' },
    name: { type: 'string' },
    organization: { type: 'string', description: 'Of a site: who runs it.' },
    ward: { type: 'string' },
    from: { type: 'string', format: 'date' },
    until: { type: 'string', format: 'date' },
  },
}
const list = { type: 'object', properties: { items: { type: 'array', items: answer } } }

/** Wards, hubs, satellites and partners: whom one can send a family to, and where. Open to everybody who works here. */
export const directoryRoutes = (shop: Shop): readonly ReadRoute[] => {
  const rows = (kind: DirectoryRow['kind'], { ward, kind: of, activeOn }: z.output<typeof Filter>) =>
    shop.system.views
      .reader(directory)
      .list({ where: { kind }, orderBy: [['id', 'asc']] })
      .filter(
        (row) =>
          (ward === undefined || row.ward === ward) &&
          (of === undefined || row.of === of) &&
          (activeOn === undefined || isActive(row, activeOn)),
      )
      .map(shown)
  const one = (kind: DirectoryRow['kind'], id: string | undefined) =>
    shop.system.views.reader(directory).get(`${kind}-${id}`)

  return (['organization', 'site'] as const).flatMap((kind) => {
    const name = `${kind[0]?.toUpperCase()}${kind.slice(1)}`
    return [
      readRoute({
        path: `/v1/${kind}s`,
        operationId: `List${name}s`,
        summary:
          kind === 'site' ? 'Main sites and satellites of the hubs.' : 'Hubs, ward offices and partners.',
        query: kind === 'site' ? Filter.extend({ organization: OrganizationId.optional() }) : Filter,
        answer: list,
        handle: ({ query }) => {
          const { organization } = query as { organization?: string }
          return {
            items: rows(kind, query).filter(
              (row) => organization === undefined || row.organization === organization,
            ),
          }
        },
      }),
      readRoute({
        path: `/v1/${kind}s/{id}`,
        operationId: `Read${name}`,
        summary: kind === 'site' ? 'One site.' : 'One organisation.',
        query: z.strictObject({}),
        answer,
        handle({ params }, request, reply) {
          const row = one(kind, params.id)
          if (!row) return notFound(request, reply)
          reply.header('ETag', `"${row.version}"`)
          return shown(row)
        },
      }),
    ]
  })
}

const isActive = ({ from, until }: DirectoryRow, on: string): boolean =>
  (from === undefined || from <= on) && (until === undefined || on <= until)

const shown = ({ kind: _, of, ...row }: DirectoryRow) => ({ ...row, kind: of ?? '' })
