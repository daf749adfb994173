import { z } from 'zod'
import { OrganizationId, SiteId } from '#domain/ids.ts'
import { commandsOn, lifecycleOf, look, refuse } from '#domain/kernel/lifecycle.ts'
import { type Actor, hubRoles, roles, wardRoles } from '#domain/kernel/metadata.ts'
import { text } from '#domain/kernel/schema.ts'
import { type StaffEvent, staffEvents } from './events.ts'
import {
  type OrganizationStanding,
  organizationStanding,
  type SiteStanding,
  siteStanding,
} from './workplace.ts'

export type Staff =
  | { readonly status: 'none' }
  | {
      readonly status: 'active'
      readonly actor: Omit<Actor, 'staffId'>
      readonly displayName?: string | undefined
    }

const command = commandsOn<Staff, StaffEvent>()

const RegisterStaff = command({
  summary: 'A staff member begins: one role at one organisation.',
  from: ['none'],
  by: ['admin', 'system'],
  schema: z.strictObject({
    role: z.enum(roles).exclude(['system']),
    organization: OrganizationId,
    site: SiteId.optional(),
    displayName: text(100).optional(),
  }),
  emits: ['StaffRegistered'],
  looksAt: ({ organization, site }) => ({
    organization: look(organizationStanding, organization),
    site: site === undefined ? undefined : look(siteStanding, site),
  }),
  decide: (_, data, { seen }) =>
    worksThere(data.role, seen.organization) ??
    siteBelongs(data.organization, seen.site) ?? [{ type: 'StaffRegistered', data }],
})

/** Who may log in, as what and where. Tokens only name the person; role and organisation are read from here (SECURITY, Identity). */
export const staff = lifecycleOf<Staff, StaffEvent>()({
  name: 'staff',
  collection: 'staff',
  titleJa: '職員',
  readableIds: true,
  events: staffEvents,
  initial: { status: 'none' },
  refusals: {
    'staff/unknown-organization': ['This organisation is not in the directory.', 400],
    'staff/role-elsewhere': ['This role does not exist at that kind of organisation.', 400],
    'staff/site-elsewhere': ['The site belongs to another organisation or is unknown.', 400],
  },
  familyOf: () => undefined,
  evolve: {
    StaffRegistered: (_, { role, organization, site, displayName }) => ({
      status: 'active',
      actor: { role, organizationId: organization, ...(site && { siteId: site }) },
      displayName,
    }),
  },
  commands: { RegisterStaff },
})

const worksThere = (role: string, organization: OrganizationStanding) => {
  if (organization.status === 'unknown')
    return refuse('staff/unknown-organization', 'Register it first.', '/organization')
  const elsewhere =
    (isOneOf(hubRoles, role) && organization.kind !== 'hub') ||
    (isOneOf(wardRoles, role) && organization.kind !== 'ward')
  return elsewhere
    ? refuse('staff/role-elsewhere', `${role} is not a role of a ${organization.kind}.`, '/role')
    : undefined
}

const siteBelongs = (organization: string, site: SiteStanding | undefined) =>
  site === undefined || (site.status === 'known' && site.organizationId === organization)
    ? undefined
    : refuse('staff/site-elsewhere', 'Name a site of that organisation.', '/site')

const isOneOf = (list: readonly string[], value: string) => list.includes(value)
