import { setTimeout as pause } from 'node:timers/promises'
import { newId } from '#test/kit/door.ts'
import { letterTo } from '#test/kit/door-story.ts'
import type { Client } from './client.ts'
import type { Random } from './random.ts'

/** Words under keys: nothing of them may be read once their family was erased. */
export const WORDS = 'mayonaka-ni-nemurenai'

export const registerFamily = async ({ give }: Client, familyId = newId()): Promise<string> => {
  const mother = { personId: newId(), name: WORDS, relation: 'mother' }
  const { status, code } = await give('nakamura', `families/${familyId}/register`, {
    caregivers: [mother],
    residenceWard: '141097',
  })
  if (status !== 201) throw new Error(`no family: ${status} ${code}`)
  return familyId
}

export const recordVisit = (
  { give }: Pick<Client, 'give'>,
  familyId: string,
  given: object = {},
  id = newId(),
) => give('nakamura', `visits/${id}/record`, { familyId, visitors: ['mother'], ...given })

export const openConsultation = async ({ give }: Pick<Client, 'give'>, familyId: string): Promise<string> => {
  const id = newId()
  await give('partner', `consultations/${id}/open`, {
    familyId,
    trigger: 'conversationShift',
    service: 'hirobaTalk',
  })
  return id
}

/** A party that is known only later: what was said of it lies under a key of its own until then. */
export const visitByStranger = async ({ give }: Pick<Client, 'give'>, familyId: string): Promise<void> => {
  const id = newId()
  const party = { visitors: ['mother'], children: 1 }
  await give('nakamura', `visits/${id}/record`, { ...party, toldBy: WORDS })
  await give('nakamura', `visits/${id}/correct`, { ...party, familyId, reason: 'lateInformation' })
}

/** Begun and ended, so that nothing is open for the family. */
export const talk = async (client: Pick<Client, 'give'>, familyId: string): Promise<void> => {
  const id = await openConsultation(client, familyId)
  const said = { topics: [], abuseCheck: 'noConcern', facts: WORDS }
  await client.give('partner', `consultations/${id}/record-session`, said)
  await client.give('partner', `consultations/${id}/close`, { closeReason: WORDS })
}

export const letter = (familyId: string, given: object) =>
  letterTo({ id: familyId }, { basisReason: WORDS, ...given })

type Work = (client: Client, familyId: string, random: Random) => Promise<void>

const visit: Work = async (client, familyId) => {
  await recordVisit(client, familyId, { children: 1 })
}

const childMet: Work = async (client, familyId) => {
  await recordVisit(client, familyId, { childAdded: { personId: newId(), birthDate: '2021-10-02' } })
}

/** A conversation, a letter, its answer, and, where that was no, one letter in its place or two in a race. */
const letters: Work = async ({ give }, familyId, random) => {
  const consultation = await openConsultation({ give }, familyId)
  const first = newId()
  await give('partner', `referrals/${first}/send`, letter(familyId, { consultationId: consultation }))
  if (random.chance(0.5)) await give('mchCoordinator', `referrals/${first}/acknowledge`)
  if (random.chance(0.2)) {
    await give('partner', `referrals/${first}/withdraw`)
    return
  }
  await give('mchCoordinator', `referrals/${first}/decline`, { reason: 'outOfScope' })
  const anew = { destinationKind: 'wardDistrictNurse', supersedes: first }
  const wanted = random.chance(0.3) ? [newId(), newId()] : [newId()]
  const sent = await Promise.all(
    wanted.map(async (id) => ({
      id,
      ...(await give('partner', `referrals/${id}/send`, letter(familyId, anew))),
    })),
  )
  for (const { id, receipt } of sent) {
    if (!receipt) continue
    if (random.chance(0.3)) await give('mchCoordinator', `referrals/${id}/acknowledge`)
    if (random.chance(0.5)) await give('partner', `referrals/${id}/withdraw`)
  }
}

const stranger: Work = (client, familyId) => visitByStranger(client, familyId)

const talked: Work = (client, familyId) => talk(client, familyId)

const careWanted: Work = async ({ give }, familyId, random) => {
  const id = newId()
  await give('coordinator', `care-requests/${id}/request`, {
    familyId,
    activityType: 'care',
    place: 'hiroba',
  })
  if (random.chance(0.5)) await give('coordinator', `care-requests/${id}/cancel`, { reason: WORDS })
}

const membership: Work = async ({ give }, familyId, random) => {
  const id = newId()
  await give('coordinator', `memberships/${id}/register`, {
    familyId,
    kind: 'user',
    orientation: 'individual',
  })
  if (random.chance(0.4)) await give('coordinator', `memberships/${id}/renew`)
  if (random.chance(0.5)) await give('coordinator', `memberships/${id}/end`, { reason: WORDS })
}

const kinds: readonly Work[] = [
  visit,
  childMet,
  stranger,
  talked,
  letters,
  letters,
  letters,
  careWanted,
  membership,
]

/** A writer: one thing after the other about families that others write about as well, until it is told to stop. */
export const write = async (options: {
  readonly client: Client
  readonly families: readonly string[]
  readonly random: Random
  readonly isOver: () => boolean
}): Promise<void> => {
  const { client, families, random, isOver } = options
  while (!isOver()) {
    await random.pick(kinds)(client, random.pick(families), random)
    await pause(random.between(0, 60))
  }
}
