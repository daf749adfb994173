import { z } from 'zod'
import { WardCode } from '#domain/codes/ward-code.ts'
import { commandsOn, lifecycleOf, refuse } from '#domain/kernel/lifecycle.ts'
import { date, plainText } from '#domain/kernel/schema.ts'
import {
  type OrganizationEvent,
  organizationEvents,
  organizationKinds,
  partnerShape,
  validity,
} from './events.ts'

type Organization = { readonly status: 'none' } | { readonly status: 'registered'; readonly partner: boolean }

const beforeStart = { path: ['until'], message: 'before `from`', params: { code: 'ends_before_start' } }

const command = commandsOn<Organization, OrganizationEvent>()

const RegisterOrganization = command({
  summary: 'A hub, ward office or city bureau joins the directory.',
  from: ['none'],
  by: ['admin', 'system'],
  schema: z
    .strictObject({
      kind: z.enum(organizationKinds),
      name: plainText(),
      ward: WardCode.optional(),
      from: date(),
      until: date().optional(),
    })
    .refine(endsAfterStart, beforeStart),
  emits: ['OrganizationRegistered'],
  decide: (_, data) => [{ type: 'OrganizationRegistered', data }],
})

const Partner = z.strictObject({ ...partnerShape, ...validity }).refine(endsAfterStart, beforeStart)

const RegisterPartner = command({
  summary: 'A partner becomes a destination for referrals, from its first to its last day.',
  from: ['none'],
  by: ['hubPartner', 'hubDirector', 'wardManager', 'admin'],
  schema: Partner,
  emits: ['PartnerRegistered'],
  decide: (_, data) => [{ type: 'PartnerRegistered', data }],
})

const UpdatePartner = command({
  summary: 'What a partner offers, where and until when, has changed.',
  from: ['registered'],
  by: ['hubPartner', 'hubDirector', 'wardManager', 'admin'],
  schema: Partner,
  emits: ['PartnerUpdated'],
  decide: (state, data) => isPartner(state) ?? [{ type: 'PartnerUpdated', data }],
})

/** Wards, hubs and partners (dossier 1.1, 2.4). Destinations of referrals are valid between two dates. */
export const organization = lifecycleOf<Organization, OrganizationEvent>()({
  name: 'organization',
  collection: 'organizations',
  titleJa: '機関',
  readableIds: true,
  events: organizationEvents,
  initial: { status: 'none' },
  refusals: { 'organization/not-a-partner': 'Hubs and ward offices are not updated as partners.' },
  familyOf: () => undefined,
  evolve: {
    OrganizationRegistered: () => ({ status: 'registered', partner: false }),
    PartnerRegistered: () => ({ status: 'registered', partner: true }),
    PartnerUpdated: () => ({ status: 'registered', partner: true }),
  },
  commands: { RegisterOrganization, RegisterPartner, UpdatePartner },
})

const isPartner = (state: { readonly partner: boolean }) =>
  state.partner ? undefined : refuse('organization/not-a-partner', 'Only partners are updated this way.')

function endsAfterStart({ from, until }: { from: string; until?: string | undefined }): boolean {
  return until === undefined || from <= until
}
