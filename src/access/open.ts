import { type Keyring, labelOf, UnreadableSecret } from '#domain/kernel/keyring.ts'
import { mapTexts, opened } from '#domain/kernel/sealing.ts'
import type { DirectoryRow } from '#projections/directory.ts'
import type { FamilyRow } from '#projections/families.ts'
import type { Entry } from '#projections/family-timeline/entry.ts'

/**
 * Rows of views hold personal values sealed; here, and nowhere else on the way out, they are opened. A value that stands
 * where it was not put is an error, never somebody else's text.
 */
export const openEntry =
  (keyring: Pick<Keyring, 'open'>) =>
  (entry: Entry): Entry => {
    const data = read(keyring, entry.data, '/data', entry.eventId, entry.correctedBy?.eventId)
    if (entry.toldBy === undefined) return data === entry.data ? entry : { ...entry, data }
    return { ...entry, data, toldBy: read(keyring, entry.toldBy, '/metadata/toldBy', entry.eventId) }
  }

const read = <T>(
  keyring: Pick<Keyring, 'open'>,
  value: T,
  field: string,
  eventId: string,
  corrected?: string,
): T =>
  mapTexts(value, field, (sealed, at) => {
    const label = labelOf(sealed)
    if (label.field !== at || (label.eventId !== eventId && label.eventId !== corrected))
      throw new UnreadableSecret(`a sealed value stands at ${at} of an entry it does not belong to`)
    return opened(keyring, sealed)
  })

/** A family's page is made of many events: every value in it is under the key of that family, or of that one of its people. */
export const openFamily =
  (keyring: Pick<Keyring, 'open' | 'ownerOf'>) =>
  (family: FamilyRow): FamilyRow => ({
    ...family,
    ...(family.card !== undefined && { card: openCard(keyring, family) }),
    members: family.members.map((member) =>
      mapTexts(member, '', (sealed, at) => {
        const { keyId, field } = labelOf(sealed)
        const owner = keyring.ownerOf(keyId)
        const isElsewhere =
          owner?.kind === 'person' &&
          (owner.familyId !== family.familyId || owner.personId !== member.personId)
        if (isElsewhere || !field.endsWith(at))
          throw new UnreadableSecret(`a sealed value stands at ${at} of a member it does not belong to`)
        return opened(keyring, sealed)
      }),
    ),
  })

const openCard = (keyring: Pick<Keyring, 'open' | 'ownerOf'>, { familyId, card = '' }: FamilyRow): string =>
  mapTexts(card, '', (sealed) => {
    const { keyId, field } = labelOf(sealed)
    const owner = keyring.ownerOf(keyId)
    if ((owner?.kind === 'family' && owner.familyId !== familyId) || field !== '/data/card')
      throw new UnreadableSecret('the card of somebody else')
    return opened(keyring, sealed)
  })

/** The name of somebody who works here, for those who work with them. */
export const openName = (
  keyring: Pick<Keyring, 'open' | 'ownerOf'>,
  { id, name }: Pick<DirectoryRow, 'id' | 'name'>,
): string | undefined =>
  mapTexts(name, '/name', (sealed) => {
    const owner = keyring.ownerOf(labelOf(sealed).keyId)
    if (owner?.kind === 'staff' && owner.staffId !== id)
      throw new UnreadableSecret('the name of somebody else')
    return opened(keyring, sealed)
  })
