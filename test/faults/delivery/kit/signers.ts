import { createPublicKey, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { Received } from '#test/kit/receiver.ts'

/** What a subscriber is given: `whsec_…` and `whpk_…`. */
export type Keys = { readonly secret: string; readonly publicKey: string }

const signaturesIn = ({ headers }: Received): readonly string[] =>
  String(headers['webhook-signature']).split(' ')

const timestampOf = ({ headers }: Received): string => String(headers['webhook-timestamp'])

/** v1 by the reference library, which knows nothing of v1a. Whatever the clock says. */
const isHmac = ({ secret }: Keys, received: Received, signature: string): boolean =>
  signature ===
  new Webhook(secret).sign(received.id, new Date(Number(timestampOf(received)) * 1_000), received.body)

/** v1a by node:crypto and the public key alone. */
const isEd25519 = ({ publicKey }: Keys, received: Received, signature: string): boolean => {
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const content = Buffer.from(`${received.id}.${timestampOf(received)}.${received.body}`)
  const [version, text = ''] = signature.split(',')
  return version === 'v1a' && verify(null, content, key, Buffer.from(text, 'base64'))
}

/** As a subscriber would who has this key: the reference library, its clock and all, and v1a as well. */
export const isVerifiedBy = (keys: Keys, received: Received): boolean => {
  try {
    new Webhook(keys.secret).verify(received.body, received.headers as Record<string, string>)
  } catch {
    return false
  }
  return signaturesIn(received).some((signature) => isEd25519(keys, received, signature))
}

/** Which of these keys have signed, in the order of the header, both ways each; -1 for one that none of them has. */
export const signersOf = (keys: readonly Keys[], received: Received): readonly number[] => {
  const signatures = signaturesIn(received)
  const pairs = Array.from({ length: Math.ceil(signatures.length / 2) }, (_, i) =>
    signatures.slice(2 * i, 2 * i + 2),
  )
  return pairs.map(([hmac = '', ed25519 = '']) =>
    keys.findIndex((one) => isHmac(one, received, hmac) && isEd25519(one, received, ed25519)),
  )
}
