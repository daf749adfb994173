import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { SignJWT } from 'jose'
import type { Test } from 'tap'
import type { Actor } from '#domain/kernel/metadata.ts'
import { systemActor } from '#domain/kernel/metadata.ts'
import { startOfDay } from '#domain/kernel/time.ts'
import { DEV_AUDIENCE, DEV_ISSUER, type DevIssuer, openDevIssuer } from '#infra/auth/dev-issuer.ts'
import { tokenVerifier } from '#infra/auth/token-verifier.ts'
import type { Counts } from '#infra/redis/shared-counts.ts'
import { integrationBy } from '#src/access/integration-key.ts'
import { identifier, staffBy } from '#src/access/principal.ts'
import type { Engine } from '#src/data/engine.ts'
import { familyReferences } from '#src/feed/references.ts'
import { buildApp } from '#src/http/app.ts'
import type { StreamTimes } from '#src/http/feed/stream.ts'
import { makeLog } from '#src/log.ts'
import { type System, type SystemOptions, startSystem } from '#src/system.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import * as people from './controls.ts'

/** Everybody who knocks in these tests: the people of story A, and those who have nothing to do with its family. */
export const staff = {
  nakamura: people.nakamura,
  partner: people.partner,
  coordinator: people.coordinator,
  director: people.director,
  mchCoordinator: people.mchCoordinator,
  districtNurse: people.districtNurse,
  wardManager: people.wardManager,
  elsewhere: people.elsewhere,
  directorElsewhere: {
    staffId: 'tsurumi-director',
    role: 'hubDirector',
    organizationId: people.otherHub,
    siteId: people.otherSite,
  },
  elsewhereInWard: people.elsewhereInWard,
  auditor: { staffId: 'kansa', role: 'auditor', organizationId: 'ORG-CITY' },
  integration: { staffId: 'kohoku-system', role: 'integration', organizationId: people.ward },
  otherIntegration: { staffId: 'kohoku-system-2', role: 'integration', organizationId: people.ward },
  hubIntegration: { staffId: 'hub-system', role: 'integration', organizationId: people.hub },
  cityIntegration: { staffId: 'city-system', role: 'integration', organizationId: 'ORG-CITY' },
  bureau: { staffId: 'kyoku', role: 'cityBureau', organizationId: 'ORG-CITY' },
  admin: people.admin,
} as const satisfies Readonly<Record<string, Actor>>

export type Who = keyof typeof staff

type Headers = Readonly<Record<string, string>>
type Body = object | string | Buffer

export type Door = {
  readonly app: FastifyInstance
  readonly system: System
  readonly dataDir: string
  /** Every line of the log so far. */
  readonly logged: readonly string[]
  readonly issuer: DevIssuer
  token(who: Who): string
  post(who: Who, path: string, body?: Body, headers?: Headers): Promise<LightMyRequestResponse>
  get(who: Who, path: string, headers?: Headers): Promise<LightMyRequestResponse>
  inject(options: InjectOptions): Promise<LightMyRequestResponse>
  /** Resolves when the views and the processes have taken everything in. */
  settled(): Promise<void>
  /** `http://127.0.0.1:…` after `listen: true`. */
  readonly origin: string
  stop(): Promise<void>
}

export type DoorOptions = {
  readonly engine?: Engine
  /** Of a cluster. */
  readonly lease?: SystemOptions['lease']
  /** Families' names in the feed as the program makes them, from the keys; readable ones unless said. */
  readonly sealedReferences?: boolean
  readonly now?: () => string
  /** The same directory again: a restart. */
  readonly dataDir?: string
  /** How webhooks are sent; to this machine itself unless said. */
  readonly delivery?: SystemOptions['delivery']
  readonly listen?: boolean
  readonly ratePerMinute?: number
  readonly counts?: Counts
  readonly feedKeptDays?: number
  readonly streamTimes?: StreamTimes
  readonly logLevel?: string
  readonly devMode?: boolean
}

/** A whole house behind its door, in a directory of its own, gone with the test. */
export const openTestDoor = async (t: Test, options: DoorOptions = {}): Promise<Door> => {
  const { engine = 'memory', now, listen = false, ratePerMinute = 0, logLevel = 'debug' } = options
  const dataDir = options.dataDir ?? temporaryDirectory(t)
  const logged: string[] = []
  const log = makeLog(logLevel, { write: (line) => void logged.push(line) })
  const system = await startSystem({
    dataDir,
    engine,
    log,
    tickMs: 0,
    ...(now && { now }),
    ...(options.lease && { lease: options.lease }),
    delivery: { loopback: true, ...options.delivery },
  })
  await registerStaff(system)
  const issuer = openDevIssuer(join(dataDir, 'dev-issuer.pem'))
  const verify = tokenVerifier({ issuer: DEV_ISSUER, audience: DEV_AUDIENCE, key: issuer.publicKey })
  const app = await buildApp({
    system,
    identify: identifier(verify, staffBy(system), integrationBy(system)),
    familyReference: options.sealedReferences
      ? familyReferences(system.keyring)
      : (subscriber, family) => Buffer.from(`${subscriber}~${family}`).toString('base64url').slice(0, 24),
    log,
    feedKeptDays: options.feedKeptDays,
    streamTimes: options.streamTimes,
    ratePerMinute,
    counts: options.counts,
    devMode: options.devMode ?? false,
  })
  if (listen) await app.listen({ host: '127.0.0.1', port: 0 })
  else await app.ready()
  const tokens = new Map<Who, string>()
  for (const who of Object.keys(staff) as Who[]) tokens.set(who, await issuer.sign(staff[who].staffId, 3_600))

  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= app.close().then(() => system.stop())
    return stopped
  }
  t.teardown(stop)

  const token = (who: Who): string => tokens.get(who) ?? ''
  const inject = (request: InjectOptions) => app.inject(request)
  return {
    app,
    system,
    dataDir,
    logged,
    issuer,
    token,
    inject,
    post: (who, path, body = {}, headers = {}) =>
      inject({
        method: 'POST',
        url: path,
        headers: { authorization: `Bearer ${token(who)}`, 'content-type': 'application/json', ...headers },
        payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),
    get: (who, path, headers = {}) =>
      inject({ method: 'GET', url: path, headers: { authorization: `Bearer ${token(who)}`, ...headers } }),
    async settled() {
      for (let last = -1n; last !== (await system.store.head()); ) {
        last = await system.store.head()
        await system.processes.settled(last, 5_000)
        await system.projector.reached(last, 5_000)
      }
    },
    get origin() {
      return app.listeningOrigin
    },
    stop,
  }
}

const temporaryDirectory = (t: Test): string => {
  const directory = mkdtempSync(join(tmpdir(), 'tsunagi-door-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const registerStaff = async ({ execute }: System): Promise<void> => {
  const { lifecycles } = await import('#domain/lifecycles.ts')
  const since = {
    occurredAt: startOfDay('2020-04-01'),
    occurredOn: '2020-04-01',
    precision: 'day',
  } as const
  const give = async (name: string, id: string, data: Readonly<Record<string, unknown>>) => {
    const lifecycle = lifecycles.find(({ commands }) => name in commands)
    const spec = lifecycle?.commands[name]
    if (!lifecycle || !spec) throw new Error(`no command ${name}`)
    const outcome = await execute({
      lifecycle,
      name,
      id,
      data: spec.schema.parse(data),
      actor: systemActor,
      occurrence: since,
      commandId: `test/${id}`,
    })
    if (outcome.kind !== 'done') throw new Error(`${name} ${id}: ${JSON.stringify(outcome)}`)
  }
  await give('RegisterOrganization', 'ORG-CITY', { kind: 'city', name: 'こども青少年局', from: '2006-04-01' })
  for (const { staffId, role, organizationId, ...rest } of Object.values<Actor>(staff))
    await give('RegisterStaff', staffId, {
      role,
      organization: organizationId,
      ...(rest.siteId && { site: rest.siteId }),
      displayName: nameOf(staffId),
    })
}

/** What a colleague would call them; personal, so it must not turn up where names have no business. */
export const nameOf = (staffId: string): string => `職員${staffId}`

export const newId = (): string => uuidV7()

/** A token that is wrong in some way; everything is right unless said. */
export const forgedToken = (
  key: Parameters<SignJWT['sign']>[0],
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> => {
  const seconds = Math.floor(Date.now() / 1_000)
  return new SignJWT({
    iss: DEV_ISSUER,
    aud: DEV_AUDIENCE,
    sub: staff.partner.staffId,
    iat: seconds,
    exp: seconds + 600,
    jti: randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header })
    .sign(key)
}

/** Holds a refusal to its form (RFC 9457, API 2); answers its body. */
export const problem = (
  t: Test,
  response: LightMyRequestResponse,
  status: number,
  code: string,
  /** Members of this problem alone. */
  own: readonly string[] = [],
): Record<string, unknown> & { errors?: { pointer: string; code: string; message: string }[] } => {
  t.equal(response.statusCode, status, `${status} ${code}`, { answer: response.body.slice(0, 500) })
  t.match(response.headers['content-type'], /^application\/problem\+json/)
  const body = response.json()
  t.match(
    body,
    { type: `urn:tsunagi:problem:${code}`, title: String, status, code, retryable: Boolean },
    'the fields of RFC 9457',
  )
  t.match(body.instance, /^urn:tsunagi:request:[0-9a-f-]{36}$/)
  const known = [
    'type',
    'title',
    'status',
    'detail',
    'instance',
    'code',
    'state',
    'errors',
    'retryable',
    ...own,
  ]
  t.strictSame(
    Object.keys(body).filter((field) => !known.includes(field)),
    [],
    'no other field',
  )
  return body
}
