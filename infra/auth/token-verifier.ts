import type { KeyObject } from 'node:crypto'
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose'

/** The staff id that a bearer token names, or undefined when it is not to be trusted. */
export type VerifyToken = (token: string) => Promise<string | undefined>

type Trust = { readonly issuer: string; readonly audience: string; readonly key: KeyObject | JWTVerifyGetKey }

/** Tokens that were verified are remembered until they expire: a signature is checked once, not at every request. */
const REMEMBERED = 10_000
const TOLERANCE_S = 5

/** OIDC access tokens (RFC 9068): issuer, audience, algorithm, type, subject and expiry are all required. */
export const tokenVerifier = ({ issuer, audience, key }: Trust, now = Date.now): VerifyToken => {
  const verified = new Map<string, { readonly staffId: string; readonly until: number }>()
  return async (token) => {
    const known = verified.get(token)
    if (known && known.until > now()) return known.staffId
    verified.delete(token)
    try {
      const options = {
        issuer,
        audience,
        algorithms: ['EdDSA', 'ES256', 'RS256'],
        typ: 'at+jwt',
        clockTolerance: TOLERANCE_S,
        requiredClaims: ['sub', 'exp', 'iat'],
        currentDate: new Date(now()),
      }
      const { payload } =
        typeof key === 'function'
          ? await jwtVerify(token, key, options)
          : await jwtVerify(token, key, options)
      if (payload.sub === undefined || payload.exp === undefined) return undefined
      if (verified.size >= REMEMBERED) verified.delete(verified.keys().next().value ?? token)
      verified.set(token, { staffId: payload.sub, until: (payload.exp + TOLERANCE_S) * 1_000 })
      return payload.sub
    } catch {
      return undefined
    }
  }
}

/** The keys that an issuer publishes, fetched when needed and not more often than every 30 s. */
export const publishedKeys = (issuer: string): JWTVerifyGetKey =>
  createRemoteJWKSet(new URL('.well-known/jwks.json', issuer.endsWith('/') ? issuer : `${issuer}/`), {
    cooldownDuration: 30_000,
    timeoutDuration: 5_000,
  })
