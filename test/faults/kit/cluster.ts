import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Actor } from '#domain/kernel/metadata.ts'
import { type Config, readConfig } from '#src/config.ts'
import { devIssuerFile } from '#src/data/files.ts'
import { type DoubleProcess, startDoubleProcess } from '#test/eventstoredb-double/kit/process.ts'
import { staff as everybody } from '#test/kit/door.ts'
import { freePort } from '#test/kit/free-port.ts'
import { startRedis, type TestRedis } from '#test/kit/redis.ts'
import { enrolAll, tokensFor } from './enrol.ts'
import { type Node, nodeProcess } from './node.ts'

/** Who works at this cluster's hub and ward, and who looks on. */
export const staff = {
  nakamura: everybody.nakamura,
  partner: everybody.partner,
  coordinator: everybody.coordinator,
  director: everybody.director,
  mchCoordinator: everybody.mchCoordinator,
  bureau: everybody.bureau,
  cityIntegration: everybody.cityIntegration,
} as const satisfies Readonly<Record<string, Actor>>

export type Who = keyof typeof staff

/** A log on a server, a Redis, and the programs that share them, each a process of its own. */
export type Cluster = {
  readonly double: DoubleProcess
  readonly redis: TestRedis
  readonly nodes: readonly Node[]
  readonly tokens: Readonly<Record<Who, string>>
  /** Another node, not started; `from`: its directory is there already. */
  node(name: string, command?: 'serve' | 'worker'): Promise<Node>
  /** The configuration of a program that works on a directory of this cluster's. */
  config(dataDir: string): Config
  /** A directory that no node uses. */
  directory(name: string): string
}

export const startCluster = async (t: Test, count = 2): Promise<Cluster> => {
  const dir = mkdtempSync(join(tmpdir(), 'tsunagi-cluster-'))
  const double = await startDoubleProcess({ dataFile: join(dir, 'server.log') })
  const redis = await startRedis(t)
  const all: Node[] = []
  t.teardown(async () => {
    await Promise.all(all.map((node) => node.kill()))
    double.thaw()
    await double.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  const environment = {
    AUTH_MODE: 'dev',
    EVENT_STORE: double.url,
    REDIS_URL: redis.url,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  }
  const directory = (name: string): string => {
    const made = join(dir, name)
    mkdirSync(made, { recursive: true })
    return made
  }
  const config = (dataDir: string): Config => readConfig({ ...environment, DATA_DIR: dataDir }, 'data')
  const office = directory('office')
  await enrolAll(config(office), staff)
  const tokens = await tokensFor(office, staff)

  const node: Cluster['node'] = async (name, command = 'serve') => {
    const dataDir = directory(name)
    copyFileSync(devIssuerFile(office), devIssuerFile(dataDir))
    const made = nodeProcess(name, await freePort(), { ...environment, DATA_DIR: dataDir }, command)
    all.push(made)
    return made
  }
  const nodes: Node[] = []
  for (let i = 1; i <= count; i++) nodes.push(await node(`node-${i}`))
  for (const one of nodes) one.start()
  return { double, redis, nodes, tokens, node, config, directory }
}
