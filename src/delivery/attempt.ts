import type { Delivery } from '#domain/delivery/events.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { type ConsentView, consentView } from '#domain/referral/views.ts'
import { isGranted, isSigning, type Known, type Subscription } from '#domain/subscription/state.ts'
import { subscription } from '#domain/subscription/subscription.ts'
import type { Answer, Exchange } from '#infra/outgoing/exchange.ts'
import { signatureOf } from '#infra/webhooks/signature.ts'
import { asEnvelope, type FeedRow, feedKey, referralFeed } from '#projections/referral-feed.ts'
import { programOf } from '#src/access/subscriber.ts'
import { cloudEvent } from '#src/feed/published.ts'
import type { FamilyReference } from '#src/feed/references.ts'
import { eventOf } from './event-of.ts'
import type { House } from './house.ts'
import { delayAfter } from './schedule.ts'
import type { Work } from './work.ts'

/**
 * One attempt, and what became of it. Undefined: it is not to be made now (paused, ended, or this node does not know of the event
 * yet), and nothing is to be noted.
 */
export type Attempt = (work: Work) => Promise<Delivery | undefined>

export const subscriptionFold = foldOf<Subscription>(subscription)

const CATCH_UP_MS = 2_000

type Parts = Pick<House, 'view' | 'views' | 'projector' | 'now'> & {
  readonly exchange: Exchange
  readonly familyReference: FamilyReference
  readonly random?: () => number
}

/** What may be sent is asked of the log before each attempt: the grant, who it is for, and the consent that the referral rests on. */
export const attemptIn = (parts: Parts): Attempt => {
  const { view, views, projector, now, exchange, familyReference, random = Math.random } = parts

  const eventAt = async ({ looked, position }: Work, feed: string): Promise<FeedRow | undefined> => {
    const find = () => asEnvelope(views.reader(referralFeed).get(feedKey(feed, looked)))
    return find() ?? ((await projector.reached(BigInt(position), CATCH_UP_MS)) ? find() : undefined)
  }
  /** Whoever it is for is still there, as a program, for the same organisation. */
  const isStillThere = async ({ subscriber, organizationId }: Known): Promise<boolean> =>
    (await programOf(parts, subscriber))?.organizationId === organizationId
  /** Withdrawn, run out or narrowed so that the recipient is no longer in it (R-PRI-5, R-PRI-6). */
  const isConsented = async ({ consentId, to }: FeedRow, today: string): Promise<boolean> => {
    if (consentId === undefined) return true
    const { state } = await view(consentView, consentId)
    return covers(state, to, today)
  }
  const whyNot = async (state: Known, row: FeedRow): Promise<'grant' | 'consent' | undefined> => {
    const today = japanDate(now())
    if (!isGranted(state.grant, today) || !(await isStillThere(state))) return 'grant'
    return (await isConsented(row, today)) ? undefined : 'consent'
  }

  const send = (state: Known, row: FeedRow, sequence: number): Promise<Answer> => {
    const event = cloudEvent(row, sequence, familyReference(state.subscriber, row.familyId))
    return post(exchange, state, row.eventId, JSON.stringify(event), now())
  }

  return async (work) => {
    const { run, sequence, attempt } = work
    const { state } = await view(subscriptionFold, work.subscription)
    if (state.status !== 'active') return undefined
    const row = await eventAt(work, state.feed)
    if (!row) return undefined
    const noted = eventOf({ run, sequence, row })
    const reason = await whyNot(state, row)
    if (reason) return { ...noted, outcome: 'withheld', attempt: 0, at: now(), reason }
    const at = now()
    const answer = await send(state, row, sequence)
    if (answer.kind === 'failed' && answer.code === 'closed') return undefined
    const said = saidBy(answer)
    const made = { ...noted, attempt, at, ...said, ms: Math.round(answer.ms) }
    if (answer.kind === 'answered' && isTaken(answer.status)) return { ...made, outcome: 'delivered' }
    const delay = delayAfter(attempt, random(), said.retryAfterMs)
    if (delay === undefined) return { ...made, outcome: 'parked' }
    return { ...made, outcome: 'failed', nextAt: later(now(), delay) }
  }
}

const saidBy = (answer: Answer): Pick<Delivery, 'status' | 'reason' | 'retryAfterMs'> =>
  answer.kind === 'failed'
    ? { reason: answer.code }
    : {
        status: answer.status,
        ...(answer.retryAfterMs !== undefined && { retryAfterMs: Math.round(answer.retryAfterMs) }),
      }

const covers = (consent: ConsentView, to: string | undefined, today: string): boolean =>
  consent.status === 'given' &&
  today <= consent.until &&
  (to === undefined || consent.recipients.includes(to))

export const isTaken = (status: number): boolean => status >= 200 && status < 300

const later = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString()

/** Standard Webhooks 1.0 around a CloudEvent, signed with every key that signs now. `id` stays the same over all attempts. */
export const post = (
  exchange: Exchange,
  { endpoint, keys }: Known,
  id: string,
  body: string,
  now: string,
): Promise<Answer> => {
  const timestamp = Math.floor(Date.parse(now) / 1_000)
  const signing = keys.filter((key) => isSigning(key, now))
  return exchange.send({
    url: endpoint.url,
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': 'tsunagi',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf(signing, { id, timestamp, body }),
    },
    body,
  })
}
