import type { DomainEvent } from '#domain/events.ts'
import { ERASED, isSealed } from '#domain/kernel/keyring.ts'
import { projection } from '#domain/kernel/projection.ts'
import { given } from '#domain/kernel/values.ts'

export type SearchRow = {
  readonly familyId: string
  readonly organization: string
  /** Blind: the same text gives the same value, which says nothing of it. */
  readonly name?: string
  readonly birthDate?: string
  readonly card?: string
  /** Of the family's own row: where it is found. */
  readonly home?: string
  /** Of the family's own row: all others, so that they can go with it. */
  readonly rows?: readonly string[]
  /** Of the family's own row: all that is left of it. Nothing of this family is found again. */
  readonly erased?: true
}

/**
 * How a family is found at its own hub: by its card, or by exact name and birth date of one of its members (R-ACC-1).
 * Names and dates are kept blind; erasing a family removes its rows for good.
 */
export const familySearch = projection<SearchRow, DomainEvent>()({
  name: 'family-search',
  version: 3,
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
  apply({ type, data, metadata: { familyId, actor } }, rows, secrets) {
    if (familyId === undefined) return
    // Found where it is registered, whoever told of its people: a process may have, after a visit.
    const family = rows.get(familyId)
    if (family?.erased) return
    const organization = family?.home ?? actor.organizationId
    const blind = (text: string | undefined, value: (text: string) => string) => {
      const plain = text !== undefined && isSealed(text) ? secrets.open(text) : text
      return plain === undefined || plain === ERASED ? undefined : secrets.blind(value(plain))
    }
    const put = (key: string, found: Partial<SearchRow>) => {
      if (Object.keys(found).length === 0) return
      const known = rows.get(familyId) ?? { familyId, organization: '', home: organization, rows: [] }
      if (!known.rows?.includes(key)) rows.put(familyId, { ...known, rows: [...(known.rows ?? []), key] })
      rows.put(key, { ...(rows.get(key) ?? { familyId, organization }), ...found })
    }
    const person = (id: string, name: string | undefined, birthDate?: string | undefined) =>
      put(
        `${familyId}/${id}`,
        given({ name: blind(name, nameKey), birthDate: blind(birthDate, birthDateKey) }),
      )
    const card = (number: string | undefined) =>
      put(`${familyId}/card`, given({ card: blind(number, cardKey) }))
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
      case 'PersonalDataErased':
        for (const key of family?.rows ?? []) rows.delete(key)
        rows.put(familyId, { familyId, organization: '', erased: true })
        break
      default:
    }
  },
})

/** What is made blind, so that a name never meets a date. */
export const nameKey = (name: string): string => `name ${normalizedName(name)}`
export const cardKey = (card: string): string => `card ${card}`
export const birthDateKey = (birthDate: string): string => `birthDate ${birthDate}`

/** Width, case and spaces do not make another name. */
const normalizedName = (name: string): string => name.normalize('NFKC').toLowerCase().replace(/\s+/g, '')
