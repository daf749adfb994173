import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { newId } from '#test/kit/door.ts'
import { type Received, startReceiver, verifyBy } from '#test/kit/receiver.ts'
import type { DeliveryLine } from '#test/kit/sending.ts'
import { type FeedEvent, readFeed } from '../../kit/feed.ts'
import type { House } from './house.ts'

export type Arrival = {
  readonly id: string
  readonly sequence: number
  readonly family: string
  /** Of the connection it came on, at the sender's end. */
  readonly port: number
  /** On the monotonic clock, in ms. */
  readonly at: number
  /** Whether the same has never come before. */
  readonly isFirst: boolean
}

/** What happened at its end, in order: something came, and was taken, answered with 2xx. */
export type Moment = { readonly what: 'came' | 'taken'; readonly arrival: Arrival }

/** A status, now or later; `cut`: it hangs up. */
export type Manner = (arrival: Arrival) => Promise<number | 'cut'> | number | 'cut'

/** Somebody else's system with a key and a subscription of its own. */
export type Subscriber = {
  readonly name: string
  readonly subscription: string
  readonly moments: readonly Moment[]
  /** Ids of what was taken at least once. */
  readonly taken: ReadonlySet<string>
  /** Those that the reference library does not accept. */
  readonly unverified: readonly string[]
  /** Came and have not been answered. */
  underWay(): number
  behave(manner: Manner): void
  /** The pull feed from its beginning to its end, by the same key. */
  feed(): Promise<readonly FeedEvent[]>
  /** What the house says of its deliveries. */
  deliveries(): Promise<readonly DeliveryLine[]>
}

export const subscribe = async (t: Test, house: House, name: string): Promise<Subscriber> => {
  const { tokens, ask, server } = house
  const organization = 'ORG-141097-W'
  const scopes = ['events:read', 'subscriptions:manage']
  await ask(tokens.admin, `integrations/${name}/register`, { organization, name, scopes })
  const { secret: key } = await ask<{ secret: string }>(tokens.admin, `integrations/${name}/keys`, {
    expiresOn: inAMonth(),
  })

  let manner: Manner = () => 204
  let underWay = 0
  let secret = ''
  const moments: Moment[] = []
  const seen = new Set<string>()
  const taken = new Set<string>()
  const unverified: string[] = []

  const come = (received: Received, response: ServerResponse): Arrival => {
    const { id, event, at } = received
    const arrival = {
      id,
      sequence: Number(event.sequence),
      family: event.partitionkey,
      port: response.socket?.remotePort ?? 0,
      at,
      isFirst: !seen.has(id),
    }
    seen.add(id)
    moments.push({ what: 'came', arrival })
    if (!isVerified(secret, received)) unverified.push(id)
    return arrival
  }
  const answer = async (received: Received, response: ServerResponse): Promise<void> => {
    const arrival = come(received, response)
    underWay += 1
    const said = await manner(arrival)
    underWay -= 1
    if (said === 'cut' || response.destroyed) return void response.destroy()
    if (said < 300) {
      taken.add(arrival.id)
      moments.push({ what: 'taken', arrival })
    }
    response.writeHead(said).end()
  }
  const receiver = await startReceiver(t, (received) => (response) => void answer(received, response))

  const subscription = newId()
  const created = await ask<{ secret: string }>(key, `subscriptions/${subscription}/create`, {
    name,
    purpose: 'つなぎの受領状況を写す',
    endpoint: { url: receiver.url },
  })
  secret = created.secret
  return {
    name,
    subscription,
    moments,
    taken,
    unverified,
    underWay: () => underWay,
    behave(next) {
      manner = next
    },
    feed: () => readFeed(server, { ...tokens, cityIntegration: key }),
    deliveries: () => allDeliveries(house, key, subscription),
  }
}

const isVerified = (secret: string, received: Received): boolean => {
  try {
    verifyBy(secret, received)
    return received.id === received.event.id
  } catch {
    return false
  }
}

const inAMonth = (): string => new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)

const allDeliveries = async (
  { ask }: House,
  key: string,
  subscription: string,
): Promise<readonly DeliveryLine[]> => {
  const lines: DeliveryLine[] = []
  for (let cursor = ''; ; ) {
    const page = await ask<{ readonly deliveries: readonly DeliveryLine[]; readonly next?: string }>(
      key,
      `subscriptions/${subscription}/deliveries?limit=500${cursor}`,
    )
    lines.push(...page.deliveries)
    if (page.next === undefined) return lines
    cursor = `&cursor=${encodeURIComponent(page.next)}`
  }
}
