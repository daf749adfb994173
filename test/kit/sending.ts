import type { Test } from 'tap'
import type { Engine } from '#src/data/engine.ts'
import { type Door, newId, openTestDoor, type Who } from './door.ts'
import { done, fresh } from './door-story.ts'
import { type Receiver, startReceiver } from './receiver.ts'

/** A house whose clock stands until it is told to go on, and somebody who takes its webhooks. */
export type Sending = {
  readonly door: Door
  readonly receiver: Receiver
  /** Hours and days pass at once; resolves when everything that was due has been done. */
  pass(ms: number): Promise<void>
  /** Resolves when everything that may be sent now has been. */
  idle(): Promise<void>
  subscribe(given?: object, who?: Who): Promise<{ readonly id: string; readonly secret: string }>
  page(id: string): Promise<SubscriptionPage>
  deliveries(id: string, query?: string): Promise<readonly DeliveryLine[]>
}

export type SubscriptionPage = {
  readonly state: string
  readonly disabled?: { readonly because: string }
  readonly failingSince?: string
  readonly progress: {
    readonly sequence: number
    readonly delivered: number
    readonly withheld: number
    readonly parked: number
    readonly failingSince: string | null
  }
  readonly replays: readonly Readonly<Record<string, unknown>>[]
  readonly keys: readonly object[]
}

export type DeliveryLine = {
  readonly sequence: number
  readonly eventId: string
  readonly state: string
  readonly nextAt?: string
  readonly attempts: readonly { readonly at: string; readonly status?: number; readonly reason?: string }[]
}

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export const openSending = async (
  t: Test,
  options: {
    readonly engine?: Engine
    readonly dataDir?: string
    readonly startedAt?: number
    readonly listen?: boolean
  } = {},
): Promise<Sending> => {
  let at = options.startedAt ?? Date.parse('2024-06-03T01:00:00.000Z')
  const begun = at
  const door = await openTestDoor(t, {
    ...options,
    sealedReferences: true,
    now: () => new Date(at).toISOString(),
    delivery: { loopback: true, monotonic: () => at - begun },
  })
  const receiver = await startReceiver(t)
  const idle = async () => {
    await door.settled()
    const { deliveries, store } = door.system
    if (!(await deliveries.idle(await store.head(), 20_000))) throw new Error('still sending')
    await door.settled()
  }
  return {
    door,
    receiver,
    idle,
    async pass(ms) {
      at += ms
      await idle()
    },
    async subscribe(given = {}, who = 'integration') {
      const id = newId()
      const answer = await done(door, who, `/v1/subscriptions/${id}/create`, {
        name: '区の業務システム',
        purpose: 'つなぎの受領状況を写す',
        endpoint: { url: receiver.url },
        ...given,
      })
      await idle()
      return { id, secret: answer.json().secret }
    },
    page: async (id) => (await door.get('admin', `/v1/subscriptions/${id}`, await fresh(door))).json(),
    deliveries: async (id, query = '') =>
      (await door.get('admin', `/v1/subscriptions/${id}/deliveries?${query}`, await fresh(door))).json()
        .deliveries,
  }
}

/** In the order in which they were taken. */
export const sequencesOf = ({ taken }: Receiver): readonly number[] =>
  taken.map(({ event }) => Number(event.sequence))
