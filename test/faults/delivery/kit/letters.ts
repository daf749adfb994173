import { setTimeout as pause } from 'node:timers/promises'
import { newId } from '#test/kit/door.ts'
import type { Client } from '../../kit/client.ts'
import type { Random } from '../../kit/random.ts'
import { letter } from '../../kit/work.ts'

type End = (client: Pick<Client, 'give'>, id: string) => Promise<void>

const withdrawn: End = async ({ give }, id) => {
  await give('partner', `referrals/${id}/withdraw`)
}

const declined: End = async ({ give }, id) => {
  await give('mchCoordinator', `referrals/${id}/decline`, { reason: 'outOfScope' })
  await give('partner', `referrals/${id}/close`, { resolution: 'dropped', reason: '別の窓口へ' })
}

const completed: End = async ({ give }, id) => {
  await give('mchCoordinator', `referrals/${id}/accept`, {
    assignee: 'hayashi',
    plannedContactOn: tomorrow(),
  })
  await give('mchCoordinator', `referrals/${id}/report-outcome`, { outcome: 'connected' })
  await give('partner', `referrals/${id}/close`, { resolution: 'completed' })
}

const tomorrow = (): string => new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10)

/** A letter from the hub to the ward, and what becomes of it until its end: three to five events that are published. */
export const wholeLetter = async (
  client: Pick<Client, 'give'>,
  familyId: string,
  random: Random,
): Promise<void> => {
  const id = newId()
  await client.give('partner', `referrals/${id}/send`, letter(familyId, {}))
  await client.give('mchCoordinator', `referrals/${id}/acknowledge`)
  await random.pick([withdrawn, declined, completed])(client, id)
}

/** One letter after the other about these families until it is told to stop, at a pace that a machine's speed changes little. */
export const writeLetters = async (options: {
  readonly client: Pick<Client, 'give'>
  readonly families: readonly string[]
  readonly random: Random
  readonly isOver: () => boolean
}): Promise<void> => {
  const { client, families, random, isOver } = options
  while (!isOver()) {
    await wholeLetter(client, random.pick(families), random)
    await pause(random.between(300, 600))
  }
}
