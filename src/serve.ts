import { mkdirSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { DEV_AUDIENCE, DEV_ISSUER, openDevIssuer } from '#infra/auth/dev-issuer.ts'
import { publishedKeys, tokenVerifier, type VerifyToken } from '#infra/auth/token-verifier.ts'
import type { RedisConnection } from '#infra/redis/connection.ts'
import { sharedCounts } from '#infra/redis/shared-counts.ts'
import { integrationBy } from './access/integration-key.ts'
import { identifier, staffBy } from './access/principal.ts'
import type { Config } from './config.ts'
import { isCluster } from './data/engine.ts'
import { devIssuerFile } from './data/files.ts'
import { familyReferences } from './feed/references.ts'
import { buildApp } from './http/app.ts'
import { makeLog } from './log.ts'
import { endInOrder, startNode } from './node.ts'
import type { System } from './system.ts'

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
  redis?: RedisConnection,
): Promise<FastifyInstance> => {
  const app = await buildApp({
    system,
    identify: identifier(verifierFor(config), staffBy(system), integrationBy(system)),
    familyReference: familyReferences(system.keyring),
    log,
    feedKeptDays: config.FEED_RETENTION_DAYS,
    ratePerMinute: config.AUTH_MODE === 'dev' ? 0 : config.RATE_LIMIT_PER_MINUTE,
    counts: redis && sharedCounts({ connection: redis, secret: system.keyring.blind('counts of requests') }),
    devMode: config.AUTH_MODE === 'dev',
  })
  await app.listen({ host: config.HOST, port: config.PORT })
  return app
}

/** The whole program: a node and its door, and an orderly end (no new requests, open ones answered, then the log closed). */
export const serve = async (config: Config): Promise<Running> => {
  const log = makeLog(config.LOG_LEVEL)
  const { system, redis, stop: stopNode } = await startNode(config, log)
  const app = await openDoor(config, system, log, redis).catch(async (error: unknown) => {
    await stopNode()
    throw error
  })
  const address = app.listeningOrigin
  const engine = isCluster(config.EVENT_STORE) ? 'eventstoredb' : config.EVENT_STORE
  log.info({ host: config.HOST, port: config.PORT, engine }, `listening on ${address}`)
  const stop = async () => {
    await app.close()
    await stopNode()
  }
  const uninstall = endInOrder(log, stop)
  return {
    address,
    app,
    system,
    async stop() {
      uninstall()
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
