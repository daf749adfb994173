import { z } from 'zod'
import { FamilyId, OrganizationId, SiteId } from '#domain/ids.ts'
import { commandsOn, lifecycleOf, look, refuse } from '#domain/kernel/lifecycle.ts'
import { type Actor, hubRoles, roles, wardRoles } from '#domain/kernel/metadata.ts'
import { date, text } from '#domain/kernel/schema.ts'
import { conflicts, leaving, type StaffEvent, staffEvents } from './events.ts'
import {
  type OrganizationStanding,
  organizationStanding,
  type SiteStanding,
  siteStanding,
} from './workplace.ts'

export type Staff =
  | { readonly status: 'none' }
  | {
      readonly status: 'active' | 'closed'
      /** In the order in which they were given; the latest that has begun is in force, to its last day. */
      readonly roles: readonly Role[]
      readonly displayName?: string | undefined
      /** Families whose files are closed to this person. */
      readonly conflicts: readonly string[]
    }

/** From a day to a day, in Japan; from the beginning or for good where none is said. */
type Role = {
  readonly actor: Omit<Actor, 'staffId'>
  readonly from?: string | undefined
  readonly until?: string | undefined
}

/** As what and where somebody works on a day; undefined when not at all. */
export const roleOn = (staff: Staff, day: string): Role['actor'] | undefined => {
  if (staff.status !== 'active') return undefined
  const begun = staff.roles.filter(({ from = '' }) => from <= day).at(-1)
  return begun && day <= (begun.until ?? day) ? begun.actor : undefined
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
    displayName: text(100, { subject: 'staff' }).optional(),
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

const GiveStaffRole = command({
  summary: 'Another role, site or organisation from a day on; after the account was closed: they are back.',
  from: ['active', 'closed'],
  by: ['admin', 'system'],
  schema: z
    .strictObject({
      role: z.enum(roles).exclude(['system']),
      organization: OrganizationId,
      site: SiteId.optional(),
      from: date(),
      until: date().optional(),
    })
    .refine(({ from, until }) => until === undefined || from <= until, {
      path: ['until'],
      message: 'not before it begins',
      params: { code: 'before_from' },
    }),
  emits: ['StaffRoleGiven'],
  looksAt: ({ organization, site }) => ({
    organization: look(organizationStanding, organization),
    site: site === undefined ? undefined : look(siteStanding, site),
  }),
  decide: ({ roles: given }, data, { seen }) =>
    beginsLast(given, data.from) ??
    worksThere(data.role, seen.organization) ??
    siteBelongs(data.organization, seen.site) ?? [{ type: 'StaffRoleGiven', data }],
})

const CloseStaffAccount = command({
  summary: 'They work here no longer. Whatever they own has been handed over before (R-HAN-1).',
  from: ['active'],
  by: ['admin'],
  nothingOpen: 'staff',
  schema: z.strictObject({ reason: z.enum(leaving) }),
  emits: ['StaffAccountClosed'],
  decide: (_, data) => [{ type: 'StaffAccountClosed', data }],
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
    'staff/open-items': 'They still own something open; hand it over first.',
    'staff/role-begins-earlier': ['A role begins after the one before.', 400],
    'staff/site-elsewhere': ['The site belongs to another organisation or is unknown.', 400],
  },
  familyOf: () => undefined,
  evolve: {
    StaffRegistered: (_, { role, organization, site, displayName }) => ({
      status: 'active',
      roles: [{ actor: { role, organizationId: organization, ...(site && { siteId: site }) } }],
      displayName,
      conflicts: [],
    }),
    StaffRoleGiven: (state, { role, organization, site, from, until }) =>
      state.status === 'none'
        ? state
        : {
            ...state,
            status: 'active',
            roles: [
              ...state.roles,
              { actor: { role, organizationId: organization, ...(site && { siteId: site }) }, from, until },
            ],
          },
    StaffAccountClosed: (state) => (state.status === 'none' ? state : { ...state, status: 'closed' }),
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
  commands: { RegisterStaff, GiveStaffRole, CloseStaffAccount, DeclareStaffConflict, EndStaffConflict },
})

const beginsLast = (given: readonly Role[], from: string) =>
  given.some((role) => role.from !== undefined && role.from >= from)
    ? refuse('staff/role-begins-earlier', 'Another one begins on or after that day.', '/from')
    : undefined

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
