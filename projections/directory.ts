import type { DomainEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'

export type DirectoryRow = {
  readonly kind: 'organization' | 'site' | 'staff'
  readonly id: string
  readonly name: string
  readonly organization?: string
  readonly ward?: string | undefined
  readonly of?: string
  readonly from?: string
  readonly until?: string | undefined
  readonly version: number
}

/** Names for the codes in events: organisations, sites, staff. */
export const directory = projection<DirectoryRow, DomainEvent>()({
  name: 'directory',
  version: 1,
  columns: {
    kind: { type: 'text', of: ({ kind }) => kind },
    id: { type: 'text', of: ({ id }) => id },
  },
  indexes: [['kind', 'id']],
  apply({ type, data, stream, version }, rows) {
    const id = idIn(stream)
    switch (type) {
      case 'OrganizationRegistered':
      case 'PartnerRegistered':
      case 'PartnerUpdated': {
        const ward = 'ward' in data ? data.ward : undefined
        rows.put(stream, {
          kind: 'organization',
          version,
          id,
          name: data.name,
          of: data.kind,
          ward,
          from: data.from,
          until: data.until,
        })
        break
      }
      case 'SiteOpened':
        rows.put(stream, {
          kind: 'site',
          version,
          id,
          name: data.name,
          of: data.kind,
          organization: data.organization,
          ward: data.ward,
          from: data.from,
        })
        break
      case 'SiteClosed': {
        const before = rows.get(stream)
        if (before) rows.put(stream, { ...before, until: data.until, version })
        break
      }
      case 'StaffRoleGiven': {
        const row = rows.get(stream)
        if (row) rows.put(stream, { ...row, version, of: data.role, organization: data.organization })
        break
      }
      case 'StaffRegistered':
        rows.put(stream, {
          kind: 'staff',
          version,
          id,
          name: data.displayName ?? '',
          of: data.role,
          organization: data.organization,
        })
        break
      default:
    }
  },
})
