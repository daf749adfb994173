import type { DomainEvent, RecordedEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'
import { given } from '#domain/kernel/values.ts'

export type Member = {
  readonly personId: string
  readonly as: 'caregiver' | 'child'
  readonly relation?: string | undefined
  readonly name?: string | undefined
  readonly kana?: string | undefined
  readonly birthDate?: string | undefined
  readonly contact?: unknown
  readonly placement?: { readonly code: string; readonly since: string }
}

export type FamilyRow = {
  readonly familyId: string
  readonly registeredOn?: string
  /** The organisation whose register it is. */
  readonly registeredBy?: string
  readonly registeredAtSite?: string | undefined
  readonly card?: string | undefined
  readonly familyType?: string
  readonly householdFlags: readonly string[]
  readonly preferredLanguage?: string | undefined
  readonly members: readonly Member[]
  /** Residence wards, each from a date; the latest that has begun is the ward now. */
  readonly wards: readonly { readonly ward: string | null; readonly since: string }[]
  /** Organisations that have something to do with this family: they recorded about it, or a referral was sent to them. */
  readonly organizations: readonly string[]
  readonly version: number
}

/** The head of a family's page: who belongs to it, where it lives, who supports it. */
export const families = projection<FamilyRow, DomainEvent>()({
  name: 'families',
  version: 2,
  columns: {},
  indexes: [],
  apply(event, rows) {
    const { familyId } = event.metadata
    // Who looked at a family, or had to, has not for that reason to do with it.
    if (familyId === undefined || event.metadata.dataClass === 'audit') return
    const before = rows.get(familyId) ?? unknownFamily(familyId)
    const after = withFacts(withOrganizations(before, event), event)
    if (after !== before) rows.put(familyId, after)
  },
})

const unknownFamily = (familyId: string): FamilyRow => ({
  familyId,
  householdFlags: [],
  members: [],
  wards: [],
  organizations: [],
  version: 0,
})

const withOrganizations = (row: FamilyRow, event: RecordedEvent): FamilyRow => {
  const concerned = [event.metadata.actor.organizationId]
  if (event.type === 'ReferralSent' && event.data.toOrganization) concerned.push(event.data.toOrganization)
  const fresh = concerned.filter(
    (organization) => organization !== 'system' && !row.organizations.includes(organization),
  )
  return fresh.length === 0 ? row : { ...row, organizations: [...row.organizations, ...fresh] }
}

const withFacts = (row: FamilyRow, event: RecordedEvent): FamilyRow => {
  if (!event.stream.startsWith('family-')) return row
  return { ...factsOf(row, event), familyId: idIn(event.stream), version: event.version }
}

const factsOf = (row: FamilyRow, event: RecordedEvent): FamilyRow => {
  const on = event.metadata.occurredOn
  switch (event.type) {
    case 'FamilyRegistered': {
      const { caregivers, children, residenceWard, registeredAtSite, card, familyType, householdFlags } =
        event.data
      return {
        ...row,
        registeredOn: on,
        registeredBy: event.metadata.actor.organizationId,
        registeredAtSite,
        card,
        familyType,
        householdFlags,
        preferredLanguage: event.data.preferredLanguage,
        members: [
          ...caregivers.map((caregiver): Member => ({ ...caregiver, as: 'caregiver' })),
          ...children.map((child): Member => ({ ...child, as: 'child' })),
        ],
        wards: residenceWard ? [{ ward: residenceWard, since: on }] : [],
      }
    }
    case 'CaregiverAdded':
      return { ...row, members: [...row.members, { ...event.data.caregiver, as: 'caregiver' }] }
    case 'ChildAdded':
      return { ...row, members: [...row.members, { ...event.data.child, as: 'child' }] }
    case 'FamilyProfileUpdated': {
      const {
        asOf,
        caregivers = [],
        children = [],
        residenceWard,
        card,
        householdFlags,
        preferredLanguage,
      } = event.data
      const updates = new Map(
        [...caregivers, ...children].map((person) => [person.personId as string, person]),
      )
      return {
        ...row,
        ...given({ card, householdFlags, preferredLanguage }),
        members: row.members.map((member): Member => ({ ...member, ...updates.get(member.personId) })),
        wards: residenceWard ? [...row.wards, { ward: residenceWard, since: asOf }] : row.wards,
      }
    }
    case 'FamilyTypeAssessed':
      return { ...row, familyType: event.data.familyType }
    case 'ChildPlacementChanged': {
      const { people, placement, since } = event.data
      const moved = new Set<string>(people)
      return {
        ...row,
        members: row.members.map((member) =>
          moved.has(member.personId) && !(member.placement && member.placement.since > since)
            ? { ...member, placement: { code: placement, since } }
            : member,
        ),
      }
    }
    case 'FamilyMoved':
      return { ...row, wards: [...row.wards, { ward: event.data.to ?? null, since: event.data.movedOn }] }
    default:
      return row
  }
}

/** The residence ward on a date: the latest move that has taken place by then. */
export const wardOn = ({ wards }: Pick<FamilyRow, 'wards'>, date: string): string | null =>
  wards
    .filter(({ since }) => since <= date)
    .reduce<FamilyRow['wards'][number] | undefined>(
      (latest, move) => (latest && latest.since > move.since ? latest : move),
      undefined,
    )?.ward ?? null
