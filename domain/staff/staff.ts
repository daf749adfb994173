import { z } from 'zod'
import { FamilyId, OrganizationId, SiteId } from '#domain/ids.ts'
import { commandsOn, lifecycleOf, look, refuse } from '#domain/kernel/lifecycle.ts'
import { type Actor, hubRoles, roles, wardRoles } from '#domain/kernel/metadata.ts'
import { text } from '#domain/kernel/schema.ts'
import { conflicts, type StaffEvent, staffEvents } from './events.ts'
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
      /** Families whose files are closed to this person. */
      readonly conflicts: readonly string[]
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

const families = z.array(FamilyId).min(1).max(50)

const DeclareStaffConflict = command({
  summary:
    'Families whose files this person must not see: their own, relatives’, neighbours’ (R-ACC-3). Acts at once.',
  from: ['active'],
  by: ['admin'],
  schema: z.strictObject({ families, conflict: z.enum(conflicts) }),
  emits: ['StaffConflictDeclared'],
  decide(state, data) {
    const fresh = [...new Set(data.families)].filter((family) => !state.conflicts.includes(family))
    return fresh.length === 0 ? [] : [{ type: 'StaffConflictDeclared', data: { ...data, families: fresh } }]
  },
})

const EndStaffConflict = command({
  summary: 'The reason is gone: the families are to this person what they are to colleagues.',
  from: ['active'],
  by: ['admin'],
  schema: z.strictObject({ families }),
  emits: ['StaffConflictEnded'],
  decide(state, data) {
    const ended = [...new Set(data.families)].filter((family) => state.conflicts.includes(family))
    return ended.length === 0 ? [] : [{ type: 'StaffConflictEnded', data: { families: ended } }]
  },
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
      conflicts: [],
    }),
    StaffConflictDeclared: (state, { families }) =>
      state.status === 'active' ? { ...state, conflicts: [...state.conflicts, ...families] } : state,
    StaffConflictEnded: (state, { families }) =>
      state.status === 'active'
        ? {
            ...state,
            conflicts: state.conflicts.filter((known) => !families.some((family) => family === known)),
          }
        : state,
  },
  commands: { RegisterStaff, DeclareStaffConflict, EndStaffConflict },
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
