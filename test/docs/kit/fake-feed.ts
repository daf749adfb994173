import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Test } from 'tap'
import { type SigningKeys, signatureOf } from '#infra/webhooks/signature.ts'

export type CloudEvent = { readonly id: string; readonly sequence: string } & Readonly<
  Record<string, unknown>
>

export const API_KEY = 'tsu_test'

export const cloudEvents = (count: number): readonly CloudEvent[] =>
  Array.from({ length: count }, (_, i) => ({
    specversion: '1.0',
    id: randomUUID(),
    source: 'urn:tsunagi',
    type: 'jp.tsunagi.referral.ReferralSent.v1',
    subject: `referral-${i + 1}`,
    sequence: String(i + 1),
    data: { status: 'sent', note: 'つなぎ' },
  }))

/** tsunagi's side as far as a subscriber sees it: the feed's pages, a few events each, and webhooks as they are signed. */
export type FakeFeed = {
  readonly url: string
  /** What stands in the feed now. */
  events: readonly CloudEvent[]
  /** Instead of a page, while it is set. */
  refuses: number | undefined
  /** `after` of each question that was answered with a page. */
  readonly asked: (string | null)[]
}

const PAGE = 3

export const fakeFeed = async (t: Test): Promise<FakeFeed> => {
  const feed: Omit<FakeFeed, 'url'> = { events: [], refuses: undefined, asked: [] }
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://feed')
    const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body))
    if (request.headers.authorization !== `Bearer ${API_KEY}`) return answer(401, {})
    if (searchParams.get('limit') !== '500') return answer(400, {})
    if (feed.refuses !== undefined) return answer(feed.refuses, { detail: 'not now' })
    const after = searchParams.get('after')
    feed.asked.push(after)
    const from = after === null ? 0 : Number(after.replace('cursor-', ''))
    const events = feed.events.slice(from, from + PAGE)
    return answer(200, { events, cursor: `cursor-${from + events.length}`, more: events.length === PAGE })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return Object.assign(feed, { url: `http://127.0.0.1:${address.port}/v1/feeds/referrals` })
}

type Sent = { readonly by: readonly SigningKeys[]; readonly timestamp?: number; readonly as?: CloudEvent }

/** The status it was answered with; `undefined` when nobody answered. `as`: what is sent instead of what was signed. */
export const deliver = async (
  url: string,
  event: CloudEvent,
  { by, timestamp = Math.floor(Date.now() / 1_000), as = event }: Sent,
): Promise<number | undefined> => {
  const { id } = event
  const headers = {
    'content-type': 'application/cloudevents+json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatureOf(by, { id, timestamp, body: JSON.stringify(event) }),
  }
  try {
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(as) })
    return answer.status
  } catch {
    return undefined
  }
}
