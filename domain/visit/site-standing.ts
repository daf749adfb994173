import { fold } from '#domain/kernel/lifecycle.ts'
import type { SiteEvent } from '#domain/organization/events.ts'

export type SiteStanding =
  | { readonly status: 'unknown' }
  | { readonly status: 'open' | 'closed'; readonly organizationId: string }

/** What a visit has to know of its site. */
export const siteStanding = fold<SiteStanding, SiteEvent>(
  'site',
  { status: 'unknown' },
  {
    SiteOpened: (_, { organization }) => ({ status: 'open', organizationId: organization }),
    SiteClosed: (site) => (site.status === 'unknown' ? site : { ...site, status: 'closed' }),
  },
)
