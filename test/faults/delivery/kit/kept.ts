import type { Test } from 'tap'
import { publishedReferralEvents } from '#domain/referral/events.ts'
import type { Final } from '../../kit/client.ts'
import { eventually } from '../../kit/node.ts'
import { verdictsOn } from '../../kit/views.ts'
import type { House } from './house.ts'
import { byFamily, firstTakings, tooEarly } from './order.ts'
import type { Subscriber } from './subscriber.ts'

/** Ids of the events that leave the house, as their writers were told of them. */
export const publishedBy = (finals: readonly Final[]): readonly string[] =>
  finals
    .flatMap(({ receipt }) => receipt?.events ?? [])
    .filter(({ type }) => publishedReferralEvents.has(type))
    .map(({ id }) => id)

/** Its feed has all of these, and it has taken all of its feed. */
export const hasAll = async ({ feed, taken }: Subscriber, ids: readonly string[]): Promise<boolean> => {
  const told = new Set((await feed()).map(({ id }) => id))
  return ids.every((id) => told.has(id)) && [...told].every((id) => taken.has(id))
}

/** Fails when it does not have all of these within `ms`, and says what the house knows of what is missing. */
export const catchesUp = (one: Subscriber, ids: readonly string[], ms: number): Promise<number> =>
  eventually(`${one.name} has everything`, () => hasAll(one, ids), ms).catch(async (error: unknown) => {
    const lines = new Map((await one.deliveries()).map((line) => [line.eventId, line]))
    const missing = (await one.feed())
      .filter(({ id }) => !one.taken.has(id))
      .map(({ id, sequence }) => ({ sequence, ...lines.get(id) }))
    throw new Error(`${missing.length} missing: ${JSON.stringify(missing.slice(0, 10))}`, { cause: error })
  })

/** It is written down of each event of its feed what became of it, and nothing is to be tried again. */
export const isSettled = async ({ feed, deliveries }: Subscriber): Promise<boolean> => {
  const lines = await deliveries()
  return lines.length === (await feed()).length && lines.every(({ state }) => state !== 'failed')
}

/** Everything at least once, each family's in its order at the first taking, and the house knows. */
export const gotAllInOrder = async (t: Test, { name, feed, moments, deliveries }: Subscriber) => {
  const families = byFamily(await feed())
  t.strictSame(tooEarly(moments, families), [], `nothing came to ${name} before what was older of its family`)
  const sorted = (of: ReadonlyMap<string, readonly number[]>) =>
    [...of].sort(([a], [b]) => a.localeCompare(b))
  t.strictSame(sorted(firstTakings(moments)), sorted(families), `${name} took each family in its order`)
  const undelivered = (await deliveries()).filter(({ state }) => state !== 'delivered')
  t.strictSame(undelivered, [], `all is delivered to ${name}`)
}

export type Revoked = { readonly position: bigint; readonly at: number }

/** A whole exchange, and a little. */
const LAST_ARRIVAL_MS = 15_500

/** To somebody whose grant was revoked: all before it or nothing, in order, and nothing of later. */
export const gotNothingAfter = async (
  t: Test,
  { name, feed, moments, deliveries, taken }: Subscriber,
  { position, at }: Revoked,
  positions: ReadonlyMap<string, bigint>,
) => {
  const arrivals = moments.map(({ arrival }) => arrival)
  const afterwards = arrivals.filter(({ id }) => (positions.get(id) ?? 0n) > position)
  t.strictSame(afterwards, [], `nothing that was written after the revocation came to ${name}`)
  const late = arrivals.filter((arrival) => arrival.at > at + LAST_ARRIVAL_MS)
  t.strictSame(late, [], 'nothing came later than an exchange takes')
  const events = await feed()
  t.strictSame(tooEarly(moments, byFamily(events)), [], 'until then each family in its order')
  const lines = await deliveries()
  t.ok(events.some(({ id }) => (positions.get(id) ?? 0n) > position))
  t.strictSame(
    lines.filter(({ eventId, state }) => state !== (taken.has(eventId) ? 'delivered' : 'withheld')),
    [],
    'what was not delivered is withheld',
  )
}

/** No program has crashed or met anything unexpected, each ends in order, and the views say what the log says. */
export const endsWell = async (t: Test, { nodes, server }: House) => {
  for (const node of nodes) {
    t.equal(node.crashes(), 0, `${node.name} has never crashed`)
    t.equal(await node.stop(), 0, `${node.name} ends in order`)
    const worst = node.logged.filter(({ level }) => level >= 50).map(({ msg, err }) => ({ msg, err }))
    t.strictSame(worst, [], `${node.name} met nothing unexpected`)
  }
  const wrong = (await verdictsOn(server)).filter(({ equal }) => !equal)
  t.strictSame(wrong, [], 'the views are what the log says')
}
