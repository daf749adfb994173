import { setTimeout as pause } from 'node:timers/promises'
import { newId } from '#test/kit/door.ts'
import { letterTo } from '#test/kit/door-story.ts'
import type { Receipt, Serving } from './serving.ts'

/** Letters of a hub and their answers, at a steady pace. */
export type Working = {
  /** Resolves when everything that was begun is committed. @returns ids of the events, as far as they were told of */
  stop(): Promise<readonly string[]>
}

export const registerFamilies = (house: Serving, count: number): Promise<readonly string[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const id = newId()
      await house.give('nakamura', `families/${id}/register`, {
        caregivers: [{ personId: newId(), name: '田中 花', relation: 'mother' }],
        residenceWard: '141097',
      })
      return id
    }),
  )

/** Of each family a letter, its acknowledgement, another letter, and so on; one event after the other. */
const correspondence = ({ give }: Serving, id: string) => {
  let unanswered: string | undefined
  let last: Promise<Receipt> | undefined
  const next = (): Promise<Receipt> => {
    if (unanswered !== undefined) {
      const answered = unanswered
      unanswered = undefined
      return give('mchCoordinator', `referrals/${answered}/acknowledge`)
    }
    unanswered = newId()
    return give('partner', `referrals/${unanswered}/send`, letterTo({ id }))
  }
  return (): Promise<Receipt> => {
    last = last ? last.then(next) : next()
    return last
  }
}

export const startWork = (house: Serving, families: readonly string[], perSecond: number): Working => {
  const writers = families.map((id) => correspondence(house, id))
  const given: Promise<Receipt>[] = []
  const stopping = new AbortController()
  const begun = performance.now()
  const due = () => ((performance.now() - begun) * perSecond) / 1_000
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      while (given.length < due()) {
        const writer = writers[given.length % writers.length]
        if (writer) given.push(writer())
      }
      await pause(10)
    }
  }
  const working = work()
  return {
    async stop() {
      stopping.abort()
      await working
      return (await Promise.all(given)).flatMap(({ events }) => events.map(({ id }) => id))
    },
  }
}
