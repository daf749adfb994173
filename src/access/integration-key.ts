import { type Integration, integration, isLive } from '#domain/integration/integration.ts'
import type { Keyring } from '#domain/kernel/keyring.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { type ApiKey, isSameDigest, readApiKey } from '#infra/auth/api-key.ts'
import type { FoldCache } from '#src/write/fold-cache.ts'
import type { Principal } from './principal.ts'
import { OF_INTEGRATION } from './subscriber.ts'

const integrationFold = foldOf<Integration>(integration)

/** What is kept of a secret: an HMAC under a key that only the key file has. */
export const digestOf = (keyring: Pick<Keyring, 'blind'>, { integration: id, key, secret }: ApiKey): string =>
  keyring.blind(`api-key ${id} ${key} ${secret}`)

/** Who comes with this key; undefined for a wrong, revoked or expired one. */
export const integrationBy =
  (parts: {
    readonly view: FoldCache
    readonly keyring: Pick<Keyring, 'blind'>
    readonly now: () => string
  }) =>
  async (text: string): Promise<Principal | undefined> => {
    const given = readApiKey(text)
    if (!given) return undefined
    const { state } = await parts.view(integrationFold, given.integration)
    if (state.status === 'none') return undefined
    const known = state.keys.find(({ key }) => key === given.key)
    const isRight = isSameDigest(known?.digest ?? '', digestOf(parts.keyring, given))
    if (!known || !isRight || !isLive(known, japanDate(parts.now()))) return undefined
    return {
      staffId: `${OF_INTEGRATION}${given.integration}`,
      role: 'integration',
      organizationId: state.organizationId,
      scopes: state.scopes,
    }
  }
