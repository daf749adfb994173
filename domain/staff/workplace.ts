import { fold } from '#domain/kernel/lifecycle.ts'
import type { OrganizationEvent, SiteEvent } from '#domain/organization/events.ts'

export type OrganizationStanding =
  | { readonly status: 'unknown' }
  | { readonly status: 'known'; readonly kind: 'hub' | 'ward' | 'city' | 'partner' }

export const organizationStanding = fold<OrganizationStanding, OrganizationEvent>(
  'organization',
  { status: 'unknown' },
  {
    OrganizationRegistered: (_, { kind }) => ({ status: 'known', kind }),
    PartnerRegistered: () => ({ status: 'known', kind: 'partner' }),
  },
)

export type SiteStanding =
  | { readonly status: 'unknown' }
  | { readonly status: 'known'; readonly organizationId: string }

export const siteStanding = fold<SiteStanding, SiteEvent>(
  'site',
  { status: 'unknown' },
  { SiteOpened: (_, { organization }) => ({ status: 'known', organizationId: organization }) },
)
