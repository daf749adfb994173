import {
  createHmac,
  createPrivateKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'

/** Standard Webhooks 1.0. Who has `publicKey` can verify and not sign; who has `secret` can do both. */
export type SigningKeys = {
  /** `whsec_` and base64 of 32 random bytes, for HMAC-SHA256. */
  readonly secret: string
  /** `whsk_` and base64 of the 32 bytes an Ed25519 key is made from (RFC 8032), which is what the reference library in Go reads. */
  readonly privateKey: string
  /** `whpk_` and base64 of the 32 bytes of the public key. */
  readonly publicKey: string
}

/** `timestamp`: of the attempt, in Unix seconds. `body`: as it is sent, to the byte. */
export type Attempt = { readonly id: string; readonly timestamp: number; readonly body: string }

/** What DER has before the 32 bytes of an Ed25519 key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_LENGTH = 12

export const makeSigningKeys = (): SigningKeys => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    publicKeyEncoding: { format: 'der', type: 'spki' },
  })
  return {
    secret: `whsec_${randomBytes(32).toString('base64')}`,
    privateKey: `whsk_${privateKey.subarray(PKCS8.length).toString('base64')}`,
    publicKey: `whpk_${publicKey.subarray(SPKI_LENGTH).toString('base64')}`,
  }
}

/**
 * The header `webhook-signature`: v1 and v1a by each key, so two keys give four while they are rotated, and a receiver that has either is
 * content. Throws on a key that is not whole and on what could be read as another id and body; no message holds a key.
 */
export const signatureOf = (
  keys: readonly Pick<SigningKeys, 'secret' | 'privateKey'>[],
  { id, timestamp, body }: Attempt,
): string => {
  if (id.includes('.') || !Number.isSafeInteger(timestamp)) throw new TypeError('not an id and Unix seconds')
  const content = Buffer.from(`${id}.${timestamp}.${body}`)
  return keys
    .flatMap(({ secret, privateKey }) => [
      `v1,${createHmac('sha256', parsed(secret)).update(content).digest('base64')}`,
      `v1a,${sign(null, content, parsed(privateKey)).toString('base64')}`,
    ])
    .join(' ')
}

const FORM = /^(whsec|whsk)_([A-Za-z0-9+/]+={0,2})$/

const parse = (text: string): KeyObject => {
  const [, kind, encoded = ''] = FORM.exec(text) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  if (kind === 'whsec' && bytes.length >= 24 && bytes.length <= 64) return createSecretKey(bytes)
  if (bytes.length !== 32) throw new TypeError('not a signing key')
  return createPrivateKey({ key: Buffer.concat([PKCS8, bytes]), format: 'der', type: 'pkcs8' })
}

/** Two of each endpoint, four while its keys are rotated. */
const MOST_PARSED = 10_000
const known = new Map<string, KeyObject>()

/** An Ed25519 key takes ten times longer to parse than to sign with. The one used longest ago goes first. */
const parsed = (text: string): KeyObject => {
  const key = known.get(text) ?? parse(text)
  known.delete(text)
  known.set(text, key)
  const [oldest = ''] = known.size > MOST_PARSED ? known.keys() : []
  known.delete(oldest)
  return key
}
