import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Actor } from '#domain/kernel/metadata.ts'
import { readConfig } from '#src/config.ts'
import { staff as everybody } from '#test/kit/door.ts'
import { freePort } from '#test/kit/free-port.ts'
import type { TestRedis } from '#test/kit/redis.ts'
import { staff as atWork, type Who } from '../../kit/cluster.ts'
import { enrolAll, tokensFor } from '../../kit/enrol.ts'
import { eventually, type Node, nodeProcess } from '../../kit/node.ts'

const staff = { ...atWork, admin: everybody.admin } as const satisfies Readonly<Record<string, Actor>>

/** Programs that share one directory and one Redis: one with a door, and workers, each a process of its own. */
export type House = {
  readonly dataDir: string
  readonly redis: TestRedis
  readonly server: Node
  /** All programs so far. */
  readonly nodes: readonly Node[]
  readonly tokens: Readonly<Record<Who | 'admin', string>>
  /** Resolves when it works. */
  worker(name: string): Promise<Node>
  /** What the door answers, which has to be 2xx. */
  ask<Body = unknown>(token: string, path: string, body?: object): Promise<Body>
}

const ANSWER_MS = 20_000

export const startHouse = async (t: Test, redis: TestRedis): Promise<House> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tsunagi-house-'))
  const environment = {
    AUTH_MODE: 'dev',
    DATA_DIR: dataDir,
    REDIS_URL: redis.url,
    RATE_LIMIT_PER_MINUTE: '0',
  }
  const nodes: Node[] = []
  t.teardown(async () => {
    await Promise.all(nodes.map((node) => node.kill()))
    rmSync(dataDir, { recursive: true, force: true })
  })
  await enrolAll(readConfig(environment, 'data'), staff)
  const tokens = await tokensFor(dataDir, staff)

  const node = async (name: string, command: 'serve' | 'worker'): Promise<Node> => {
    const made = nodeProcess(name, await freePort(), environment, command)
    nodes.push(made)
    made.start()
    await eventually(`${name} is open`, made.isOpen)
    return made
  }
  const server = await node('server', 'serve')
  await eventually('the server is ready', server.isReady)
  return {
    dataDir,
    redis,
    server,
    nodes,
    tokens,
    worker: (name) => node(name, 'worker'),
    async ask<Body>(token: string, path: string, body?: object) {
      const answer = await fetch(`${server.origin}/v1/${path}`, {
        headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS),
      })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as Body
    },
  }
}
