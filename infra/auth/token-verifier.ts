import type { KeyObject } from 'node:crypto'
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { z } from 'zod'

/** Nobody can tell now whether a token is good. It may be in a moment. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable'
}

/**
 * The staff id that a bearer token names, or undefined when it is not to be trusted.
 * @throws IssuerUnavailable  the issuer's keys cannot be fetched
 */
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
    } catch (error) {
      if (error instanceof IssuerUnavailable) throw error
      return undefined
    }
  }
}

const COOL_DOWN_MS = 30_000
const TIMEOUT_MS = 5_000
/** An issuer that does not answer is not asked again at once. */
const RETRY_MS = 1_000

/**
 * The keys that an issuer publishes, found by its discovery document (OpenID Connect Discovery 1.0), fetched when needed and, when a
 * token names an unknown one, not more often than every 30 s.
 */
export const publishedKeys = (issuer: string, now = Date.now): JWTVerifyGetKey => {
  let found: Promise<JWTVerifyGetKey> | undefined
  let failedAt = Number.NEGATIVE_INFINITY
  const keys = (): Promise<JWTVerifyGetKey> => {
    if (now() - failedAt < RETRY_MS) throw new IssuerUnavailable(`${issuer} did not answer a moment ago`)
    found ??= keysOf(issuer)
    return found
  }
  return async (header, token) => {
    try {
      return await (await keys())(header, token)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error
      if (error instanceof IssuerUnavailable) throw error
      found = undefined
      failedAt = now()
      throw new IssuerUnavailable(`the keys of ${issuer} cannot be fetched`, { cause: error })
    }
  }
}

const keysOf = async (issuer: string): Promise<JWTVerifyGetKey> => {
  const at = new URL('.well-known/openid-configuration', issuer.endsWith('/') ? issuer : `${issuer}/`)
  const answer = await fetch(at, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
  const described = Description.parse(await answer.json())
  if (described.issuer !== issuer) throw new Error(`${at} describes ${described.issuer}`)
  return createRemoteJWKSet(new URL(described.jwks_uri), {
    cooldownDuration: COOL_DOWN_MS,
    timeoutDuration: TIMEOUT_MS,
  })
}

const Description = z.object({ issuer: z.string(), jwks_uri: z.url() })
