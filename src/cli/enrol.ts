import { wards } from '#domain/codes/wards.ts'
import { OrganizationId, SiteId } from '#domain/ids.ts'
import { foldOf, type Lifecycle } from '#domain/kernel/lifecycle.ts'
import { type Actor, type Role, systemActor } from '#domain/kernel/metadata.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { organization } from '#domain/organization/organization.ts'
import { seed } from '#domain/organization/seed.ts'
import { roleOn, type Staff, staff } from '#domain/staff/staff.ts'
import { organizationStanding, type SiteStanding, siteStanding } from '#domain/staff/workplace.ts'
import type { Outcome } from '#src/write/execute.ts'
import type { WritePath } from '#src/write/write-path.ts'
import { note } from './terminal/output.ts'
import { Unable } from './unable.ts'

export type Wanted = {
  readonly staff: string
  readonly role: Role
  readonly organization?: string
  readonly site?: string
  readonly name?: string
}

type Workplace = { readonly organization: string; readonly site?: string | undefined }

/** The id of a staff member who has this role there; registered by `system` when unknown. */
export const enrolled = async (log: WritePath, wanted: Wanted): Promise<string> => {
  const { staff: id, role, name } = wanted
  if (!SiteId.safeParse(id).success) throw new Unable(`--staff ${id}: 3 to 64 letters, digits and hyphens`)
  const { state } = await log.view(foldOf<Staff>(staff), id)
  const now = roleOn(state, japanDate(new Date().toISOString()))
  if (now) return isTheSame(id, now, wanted)
  if (state.status !== 'none') throw new Unable(`${id} has no role today (an administrator gives one)`)

  const { organization: workplace, site } = await workplaceOf(log, wanted)
  const data = { role, organization: workplace, ...(site && { site }), ...(name && { displayName: name }) }
  const outcome = await asSystem(log, staff, 'RegisterStaff', id, data)
  if (outcome.kind === 'refused') throw new Unable(`${outcome.refusal.detail} ${placesNear(workplace)}`)
  return id
}

const isTheSame = (id: string, actor: Omit<Actor, 'staffId'>, wanted: Wanted): string => {
  const { role, organizationId, siteId } = actor
  const same =
    role === wanted.role &&
    (wanted.organization === undefined || wanted.organization === organizationId) &&
    (wanted.site === undefined || wanted.site === siteId)
  if (same) return id
  const there = siteId === undefined ? organizationId : `${organizationId}, ${siteId}`
  throw new Unable(
    `${id} is already registered as ${role} at ${there}; ask for that, or choose another --staff`,
  )
}

/** A newcomer's slip is put right where only one thing can be meant, and said. */
const workplaceOf = async (
  log: WritePath,
  { role, organization: code, site }: Wanted,
): Promise<Workplace> => {
  const place = site === undefined ? undefined : await siteOf(log, site)
  if (code === undefined) {
    if (place?.status === 'known') return { organization: place.organizationId, site }
    throw new Unable(`--organization is needed, or a known --site ${placesNear(site ?? '')}`)
  }
  if (!OrganizationId.safeParse(code).success)
    throw new Unable(`--organization ${code}: 3 to 64 letters, digits and hyphens ${placesNear(code)}`)
  const { state } = await log.view(organizationStanding, code)
  if (state.status === 'known') return { organization: code, site }
  if (place?.status === 'known') {
    note(
      `tsunagi: ${code} is not in the directory; ${site} belongs to ${place.organizationId}, which is used`,
    )
    return { organization: place.organizationId, site }
  }
  const kind = kindFor[role]
  if (kind === undefined) throw new Unable(`${code} is not in the directory. ${placesNear(code)}`)
  const data = { kind, name: code, from: japanDate(new Date().toISOString()) }
  await asSystem(log, organization, 'RegisterOrganization', code, data)
  note(`tsunagi: ${code} was not in the directory; registered as ${kind}`)
  return { organization: code, site }
}

/** Roles without case work may come from anywhere: their organisation is registered with them. */
const kindFor: Readonly<Partial<Record<Role, 'city' | 'partner'>>> = {
  cityBureau: 'city',
  auditor: 'city',
  admin: 'city',
  integration: 'partner',
}

const siteOf = async (log: WritePath, site: string): Promise<SiteStanding> =>
  SiteId.safeParse(site).success ? (await log.view(siteStanding, site)).state : { status: 'unknown' }

/** What there is in the ward that a code names; the wards, where it names none. */
const placesNear = (code: string): string => {
  const ward = /\d{6}/.exec(code)?.[0]
  const there = seed.filter(({ data }) => data.ward === ward)
  if (there.length === 0)
    return `(ORG-<ward>-H is a hub, ORG-<ward>-W a ward office; wards: ${Object.keys(wards).join(', ')})`
  return `In ${ward}: ${there.map(({ id, data }) => `${id} (${data.name})`).join(', ')}`
}

const asSystem = (
  { execute }: WritePath,
  lifecycle: Lifecycle,
  name: string,
  id: string,
  data: Readonly<Record<string, unknown>>,
): Promise<Outcome> => {
  const now = new Date().toISOString()
  const occurrence = { occurredAt: now, occurredOn: japanDate(now), precision: 'instant' } as const
  const parsed = lifecycle.commands[name]?.schema.safeParse(data)
  if (!parsed?.success)
    throw new Unable(
      parsed?.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') ?? name,
    )
  return execute({
    lifecycle,
    name,
    id,
    data: parsed.data,
    actor: systemActor,
    occurrence,
    commandId: `${name}/${id}`,
  })
}
