import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { openRedis } from '#infra/redis/connection.ts'
import { alwaysHeld, holdLease, type Lease } from '#infra/redis/lease.ts'
import type { Engine } from '#src/engine.ts'
import type { SystemOptions } from '#src/system.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'
import { noRedis, startRedis } from './redis.ts'
import { silent } from './running-system.ts'

type Cluster = Required<Pick<SystemOptions, 'engine' | 'lease'>>

const clusters = new Map<string, Promise<Engine>>()

/** An EventStoreDB of its own for each name, and one Redis for all of them, there until the test file has ended. */
export const clusterOf = async (name: string): Promise<Cluster> => {
  const engine = clusters.get(name) ?? start()
  clusters.set(name, engine)
  return { engine: await engine, lease: noRedis ? alwaysHeld : await leases() }
}

const start = async (): Promise<Engine> => {
  const double = await startDouble()
  t.teardown(() => double.stop())
  return double.url as Engine
}

let contending: Promise<(log: string) => Lease> | undefined
const leases = () => {
  contending ??= (async () => {
    const { url } = await startRedis(t)
    const redis = openRedis(url, silent)
    t.teardown(() => redis.close())
    while (!redis.isUp()) await pause(10)
    return (log: string) =>
      holdLease({ client: redis.client, name: `processes:${log}`, holder: randomUUID(), ttlMs: 2_000 })
  })()
  return contending
}
