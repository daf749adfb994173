import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { UnreadableSecret } from '#domain/kernel/keyring.ts'

export const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** AES-256-GCM: nonce, ciphertext and tag in one piece; `bound` is what it may not be parted from. */
export const encrypt = (key: Buffer, plain: Buffer, bound: string): Buffer => {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(bound))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** @throws UnreadableSecret */
export const decrypt = (key: Buffer, sealed: Buffer, bound: string): Buffer => {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new UnreadableSecret('cut short')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(bound))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
  } catch (cause) {
    throw new UnreadableSecret('altered, or not from here', { cause })
  }
}
