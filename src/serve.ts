import { createHmac } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import type { Keyring } from '#domain/kernel/keyring.ts'
import { DEV_AUDIENCE, DEV_ISSUER, openDevIssuer } from '#infra/auth/dev-issuer.ts'
import { publishedKeys, tokenVerifier, type VerifyToken } from '#infra/auth/token-verifier.ts'
import { integrationBy } from './access/integration-key.ts'
import { identifier, staffBy } from './access/principal.ts'
import type { Config } from './config.ts'
import { devIssuerFile } from './files.ts'
import { buildApp } from './http/app.ts'
import { makeLog } from './log.ts'
import { type System, startSystem } from './system.ts'

export type Running = {
  readonly address: string
  readonly app: FastifyInstance
  readonly system: System
  stop(): Promise<void>
}

/** Opens the door over a system, on the configured address. */
export const openDoor = async (
  config: Config,
  system: System,
  log = makeLog(config.LOG_LEVEL),
): Promise<FastifyInstance> => {
  const app = await buildApp({
    system,
    identify: identifier(verifierFor(config), staffBy(system), integrationBy(system)),
    familyReference: familyReferences(system.keyring),
    log,
    ratePerMinute: config.AUTH_MODE === 'dev' ? 0 : config.RATE_LIMIT_PER_MINUTE,
    devMode: config.AUTH_MODE === 'dev',
  })
  await app.listen({ host: config.HOST, port: config.PORT })
  return app
}

/** The whole program: system, door, and an orderly end (no new requests, open ones answered, then the log closed). */
export const serve = async (config: Config): Promise<Running> => {
  const log = makeLog(config.LOG_LEVEL)
  const system = await startSystem({
    dataDir: config.DATA_DIR,
    engine: config.EVENT_STORE,
    log,
    keyEncryptionKey: config.KEY_ENCRYPTION_KEY,
    previousKeyEncryptionKey: config.KEY_ENCRYPTION_KEY_PREVIOUS,
  })
  const app = await openDoor(config, system, log).catch(async (error: unknown) => {
    await system.stop()
    throw error
  })
  const address = app.listeningOrigin
  log.info({ host: config.HOST, port: config.PORT, engine: config.EVENT_STORE }, `listening on ${address}`)
  const stop = async () => {
    await app.close()
    await system.stop()
  }
  const grace = closeWithGrace({ delay: 10_000 }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'unexpected error; closing')
    else log.info({ signal: signal ?? 'none' }, 'closing')
    await stop()
  })
  return {
    address,
    app,
    system,
    async stop() {
      grace.uninstall()
      await stop()
    },
  }
}

const verifierFor = (config: Config): VerifyToken => {
  if (config.AUTH_MODE === 'dev') {
    mkdirSync(config.DATA_DIR, { recursive: true, mode: 0o700 })
    const { publicKey } = openDevIssuer(devIssuerFile(config.DATA_DIR))
    return tokenVerifier({ issuer: DEV_ISSUER, audience: DEV_AUDIENCE, key: publicKey })
  }
  const { AUTH_ISSUER: issuer = '', AUTH_AUDIENCE: audience = '' } = config
  return tokenVerifier({ issuer, audience, key: publishedKeys(issuer) })
}

/** The same family has another name for every subscriber; nobody can tell that two of them mean the same one. */
const familyReferences = (keyring: Keyring) => {
  const secret = keyring.blind('names of families in the feed')
  return (subscriber: string, familyId: string): string =>
    createHmac('sha256', secret).update(`${subscriber}\u0000${familyId}`).digest('base64url').slice(0, 22)
}
