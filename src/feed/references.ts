import { createHmac } from 'node:crypto'
import type { Keyring } from '#domain/kernel/keyring.ts'

/** Makes the pseudonym of a family for one subscriber. */
export type FamilyReference = (subscriber: string, familyId: string) => string

/** The same family has another name for every subscriber; nobody can tell that two of them mean the same one. */
export const familyReferences = (keyring: Pick<Keyring, 'blind'>): FamilyReference => {
  const secret = keyring.blind('names of families in the feed')
  return (subscriber, familyId) =>
    createHmac('sha256', secret).update(`${subscriber}\u0000${familyId}`).digest('base64url').slice(0, 22)
}
