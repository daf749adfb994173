import { z } from 'zod'
import { FeedFilter } from '#domain/feed/filter.ts'
import { FeedPlace } from '#domain/feed/place.ts'
import { OrganizationId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { date, instant, plainText, text } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'directory', function: 'system' })

/** Where webhooks go, and how many at a time. That it is a public https address is checked at the door and at every attempt. */
export const Endpoint = z.strictObject({
  url: plainText(2_000),
  /** Attempts that may run at the same time. */
  concurrency: z.int().min(1).max(32).default(8),
  /** Attempts begun within a minute. Absent: as many as there are. */
  perMinute: z.int().min(1).max(100_000).optional(),
})
export type Endpoint = Readonly<z.output<typeof Endpoint>>

/** One pair of keys that signs: what is secret of it lies under the stream's own key. */
export const keyShape = {
  key: plainText(16),
  secret: text(200),
  privateKey: text(200),
  publicKey: plainText(200),
}

export const disabledBecause = ['gone', 'failing'] as const
export const revokedBecause = ['purposeEnded', 'agreementEnded', 'misuse', 'byRequest'] as const

export const subscriptionEvents = {
  SubscriptionCreated: fact(
    z.object({
      /** Who it is for: families have a pseudonym for each subscriber. */
      subscriber: plainText(80),
      organization: OrganizationId,
      /** Whose referrals: of this organisation, or `*`, everybody's. */
      feed: plainText(64),
      name: plainText(100),
      purpose: plainText(500),
      grantedUntil: date(),
      filter: FeedFilter,
      endpoint: Endpoint,
      after: FeedPlace,
    }),
    { title: { ja: '配信の登録', en: 'Subscription created' }, state: 'active' },
  ),
  /** Both sign until `previousUntil`; earlier ones than the one before end at once. */
  SigningKeysIssued: fact(z.object({ ...keyShape, previousUntil: instant() }), {
    title: { ja: '署名鍵の発行', en: 'Signing keys issued' },
  }),
  EndpointChanged: fact(z.object({ endpoint: Endpoint }), {
    title: { ja: '送信先の変更', en: 'Endpoint changed' },
  }),
  SubscriptionPaused: fact(z.object({}), {
    title: { ja: '配信の一時停止', en: 'Subscription paused' },
    state: 'paused',
  }),
  SubscriptionResumed: fact(z.object({}), {
    title: { ja: '配信の再開', en: 'Subscription resumed' },
    state: 'active',
  }),
  /** Said before it is disabled. */
  EndpointFailing: fact(z.object({ since: instant(), disabledFrom: instant() }), {
    title: { ja: '送信先の障害', en: 'Endpoint failing' },
  }),
  SubscriptionDisabled: fact(z.object({ because: z.enum(disabledBecause), since: instant().optional() }), {
    title: { ja: '配信の停止', en: 'Subscription disabled' },
    state: 'disabled',
  }),
  /** What was parked is tried again, in its order. */
  SubscriptionEnabled: fact(z.object({}), {
    title: { ja: '配信の再有効化', en: 'Subscription enabled' },
    state: 'active',
  }),
  ParkedReleased: fact(z.object({}), { title: { ja: '保留分の再送', en: 'Parked deliveries released' } }),
  /** Everything behind `after`, up to `upTo`, once more. */
  ReplayRequested: fact(z.object({ replay: z.int().min(1), after: FeedPlace, upTo: z.int().min(0) }), {
    title: { ja: '再配信の依頼', en: 'Replay requested' },
  }),
  GrantRenewed: fact(z.object({ purpose: plainText(500), until: date() }), {
    title: { ja: '提供許可の更新', en: 'Grant renewed' },
  }),
  /** Nothing is sent from here on; what there would have been is noted as withheld. */
  GrantRevoked: fact(z.object({ because: z.enum(revokedBecause) }), {
    title: { ja: '提供許可の取消', en: 'Grant revoked' },
  }),
  SubscriptionEnded: fact(z.object({}), {
    title: { ja: '配信の終了', en: 'Subscription ended' },
    state: 'ended',
  }),
}

export type SubscriptionEvent = EventOf<typeof subscriptionEvents>
