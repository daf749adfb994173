import { z } from 'zod'
import { OrganizationId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { date, plainText } from '#domain/kernel/schema.ts'

/** What a program of somebody else's may do with its key. */
export const scopes = ['events:read', 'subscriptions:manage'] as const
export const revocations = ['rotated', 'leaked', 'noLongerNeeded'] as const

const fact = factsOf({ dataClass: 'directory', function: 'system' })

export const integrationEvents = {
  IntegrationRegistered: fact(
    z.object({ organization: OrganizationId, name: plainText(100), scopes: z.array(z.enum(scopes)).min(1) }),
    { title: { ja: '連携先の登録', en: 'Integration registered' }, state: 'active' },
  ),
  /** `digest`: what is kept of the secret, under the key of the blind index; the secret itself is shown once and kept nowhere. */
  ApiKeyIssued: fact(z.object({ key: plainText(16), digest: plainText(64), expiresOn: date() }), {
    title: { ja: 'APIキーの発行', en: 'API key issued' },
  }),
  ApiKeyRevoked: fact(z.object({ key: plainText(16), reason: z.enum(revocations) }), {
    title: { ja: 'APIキーの失効', en: 'API key revoked' },
  }),
}

export type IntegrationEvent = EventOf<typeof integrationEvents>
