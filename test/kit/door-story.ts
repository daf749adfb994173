import type { LightMyRequestResponse } from 'fastify'
import { hub, ward } from './controls.ts'
import { type Door, newId, type Who } from './door.ts'

/** A command that has to succeed for a test to have its situation. */
export const done = async (
  door: Door,
  who: Who,
  path: string,
  body: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<LightMyRequestResponse> => {
  const response = await door.post(who, path, body, headers)
  if (response.statusCode >= 300) throw new Error(`${path}: ${response.statusCode} ${response.body}`)
  return response
}

export type Family = { readonly id: string; readonly mother: string; readonly child: string }

/** A family of the hub in ward 141097, with a mother and a child. */
export const registerFamily = async (door: Door, given: object = {}, who: Who = 'nakamura') => {
  const family: Family = { id: newId(), mother: newId(), child: newId() }
  await done(door, who, `/v1/families/${family.id}/register`, {
    caregivers: [{ personId: family.mother, name: '田中 花', relation: 'mother' }],
    children: [{ personId: family.child, name: '田中 結', birthDate: '2021-10-02' }],
    residenceWard: '141097',
    ...given,
  })
  return family
}

export const recordVisit = async (door: Door, family: Family, given: object = {}) => {
  const id = newId()
  await done(door, 'nakamura', `/v1/visits/${id}/record`, {
    familyId: family.id,
    visitors: ['mother'],
    children: 1,
    ...given,
  })
  return id
}

export const openConsultation = async (door: Door, family: Family, given: object = {}) => {
  const id = newId()
  await done(door, 'partner', `/v1/consultations/${id}/open`, {
    familyId: family.id,
    trigger: 'conversationShift',
    service: 'hirobaTalk',
    ...given,
  })
  return id
}

/** What the hub's partner writes to the ward, on a statutory basis so that no consent is needed. */
export const letterTo = (family: Pick<Family, 'id'>, given: object = {}) => ({
  familyId: family.id,
  direction: 'inlet',
  linkLevel: 'accompany',
  urgency: 'normal',
  toOrganization: ward,
  destinationKind: 'wardMchCoordinator',
  legalBasis: 'publicTask',
  basisReason: '本人の希望',
  ...given,
})

export const sendReferral = async (door: Door, family: Family, given: object = {}) => {
  const id = newId()
  const response = await done(door, 'partner', `/v1/referrals/${id}/send`, letterTo(family, given))
  return { id, position: String(response.headers['commit-position']) }
}

/** Decided, and carried out. */
export const eraseFamily = async (door: Door, familyId: string): Promise<void> => {
  await door.settled()
  const answer = await done(door, 'director', `/v1/retention/${familyId}/erase-personal-data`, {
    why: 'suspensionRequest',
  })
  if (!(await door.system.eraser.done(BigInt(String(answer.headers['commit-position'])), 5_000)))
    throw new Error('the eraser is behind')
}

/** A letter to the ward under a consent of the mother, about her. @returns ids of both */
export const sendUnderConsent = async (door: Door, family: Family, summary: string) => {
  const consentId = newId()
  const scope = { dataClasses: ['registration', 'referralContent'], people: [family.mother] }
  await done(door, 'partner', `/v1/consents/${consentId}/give`, {
    familyId: family.id,
    recipients: [ward],
    ...scope,
    givenBy: family.mother,
    method: 'oral',
    heardBy: '斎藤',
    words: 'お願いします',
  })
  const under = { summary, legalBasis: undefined, basisReason: undefined, basis: consentId, ...scope }
  const { id: referralId } = await sendReferral(door, family, under)
  return { consentId, referralId }
}

/** Reads of a view, after everything so far. */
export const fresh = async (door: Door): Promise<{ 'min-position': string }> => {
  await door.settled()
  return { 'min-position': String(await door.system.store.head()) }
}

export { hub, ward }
