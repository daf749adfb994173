import type { DomainEvent } from '#domain/events.ts'
import { projection } from '#domain/kernel/projection.ts'

export type SearchRow = {
  readonly familyId: string
  readonly organization: string
  readonly name?: string
  readonly birthDate?: string
  readonly card?: string
}

/** How a family is found at its own hub: by its card, or by exact name and birth date of one of its members (R-ACC-1). */
export const familySearch = projection<SearchRow, DomainEvent>()({
  name: 'family-search',
  version: 1,
  columns: {
    organization: { type: 'text', of: ({ organization }) => organization },
    name: { type: 'text', of: ({ name }) => name ?? null },
    birthDate: { type: 'text', of: ({ birthDate }) => birthDate ?? null },
    card: { type: 'text', of: ({ card }) => card ?? null },
    familyId: { type: 'text', of: ({ familyId }) => familyId },
  },
  indexes: [
    ['organization', 'card'],
    ['organization', 'name'],
  ],
  apply({ type, data, metadata: { familyId, actor } }, rows) {
    if (familyId === undefined) return
    const organization = actor.organizationId
    const person = (id: string, name: string | undefined, birthDate?: string | undefined) => {
      const key = `${familyId}/${id}`
      const before = rows.get(key) ?? { familyId, organization }
      rows.put(key, {
        ...before,
        ...(name && { name: normalizedName(name) }),
        ...(birthDate && { birthDate }),
      })
    }
    const card = (number: string | undefined) => {
      const key = `${familyId}/card`
      if (number !== undefined)
        rows.put(key, { ...(rows.get(key) ?? { familyId, organization }), card: number })
    }
    switch (type) {
      case 'FamilyRegistered':
        card(data.card)
        for (const { personId, name } of data.caregivers) person(personId, name)
        for (const { personId, name, birthDate } of data.children) person(personId, name, birthDate)
        break
      case 'CaregiverAdded':
        person(data.caregiver.personId, data.caregiver.name)
        break
      case 'ChildAdded':
        person(data.child.personId, data.child.name, data.child.birthDate)
        break
      case 'FamilyProfileUpdated':
        card(data.card)
        for (const { personId, name } of data.caregivers ?? []) person(personId, name)
        for (const { personId, name, birthDate } of data.children ?? []) person(personId, name, birthDate)
        break
      default:
    }
  },
})

/** Width, case and spaces do not make another name. */
export const normalizedName = (name: string): string =>
  name.normalize('NFKC').toLowerCase().replace(/\s+/g, '')
