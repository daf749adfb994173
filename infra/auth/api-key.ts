import { randomBytes, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** `tsu_<integration>.<key>.<secret>.<checksum>`: told from a token at a glance, and a mistyped one before anything is looked up. */
const FORM = /^tsu_([A-Za-z0-9][A-Za-z0-9-]{2,63})\.([A-Za-z0-9_-]{8})\.([A-Za-z0-9_-]{43})\.([0-9a-f]{8})$/

export type ApiKey = { readonly integration: string; readonly key: string; readonly secret: string }

export const isApiKey = (text: string): boolean => text.startsWith('tsu_')

/** A fresh key with 256 random bits. */
export const makeApiKey = (integration: string): ApiKey => ({
  integration,
  key: randomBytes(6).toString('base64url'),
  secret: randomBytes(32).toString('base64url'),
})

export const writeApiKey = ({ integration, key, secret }: ApiKey): string => {
  const text = `tsu_${integration}.${key}.${secret}`
  return `${text}.${checksum(text)}`
}

/** `undefined`: not a key of ours, or mistyped. */
export const readApiKey = (text: string): ApiKey | undefined => {
  const [, integration, key, secret, sum] = FORM.exec(text) ?? []
  if (!integration || !key || !secret || sum !== checksum(text.slice(0, -9))) return undefined
  return { integration, key, secret }
}

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0')

/** In constant time: how much of it was right is not to be learned from how long it took. */
export const isSameDigest = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
