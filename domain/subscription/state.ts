import type { FeedFilter } from '#domain/feed/filter.ts'
import type { FeedPlace } from '#domain/feed/place.ts'
import type { Endpoint } from './events.ts'

/** One pair of keys that signs. The newest has no end. */
export type SigningKey = {
  readonly key: string
  readonly secret: string
  readonly privateKey: string
  readonly publicKey: string
  /** ISO instant in UTC. */
  readonly until?: string
}

export type Replay = { readonly replay: number; readonly after: FeedPlace; readonly upTo: number }

export type Grant = { readonly purpose: string; readonly until: string; readonly revoked?: string }

export type Known = {
  readonly status: 'active' | 'paused' | 'disabled' | 'ended'
  readonly subscriber: string
  readonly organizationId: string
  readonly feed: string
  readonly name: string
  readonly filter: FeedFilter
  readonly endpoint: Endpoint
  readonly after: FeedPlace
  readonly grant: Grant
  readonly keys: readonly SigningKey[]
  readonly replays: readonly Replay[]
  /** Its administrators were told. */
  readonly failingSince?: string | undefined
  readonly disabled?: { readonly because: string; readonly at: string } | undefined
}

export type Subscription = { readonly status: 'none' } | Known

type Issued = Omit<SigningKey, 'until'> & { readonly previousUntil: string }

/** The one before goes on beside the new one for a while; earlier ones do not: two sign, so that a signature stays short. */
export const signedFrom = (
  keys: readonly SigningKey[],
  { previousUntil, key, secret, privateKey, publicKey }: Issued,
): readonly SigningKey[] => [
  ...keys.slice(-1).map((before) => ({ ...before, until: previousUntil })),
  { key, secret, privateKey, publicKey },
]

export const isSigning = ({ until }: SigningKey, now: string): boolean => until === undefined || now < until

/** Whether anything may be sent on this day (YYYY-MM-DD, Japan). */
export const isGranted = ({ until, revoked }: Grant, today: string): boolean =>
  revoked === undefined && today <= until
