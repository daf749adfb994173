import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type AllStreamResolvedEvent, START } from '@eventstore/db-client'
import t from 'tap'
import { connect } from '#infra/eventstoredb/connection.ts'
import { openRedis, type RedisConnection } from '#infra/redis/connection.ts'
import { alwaysHeld, holdLease, type Lease } from '#infra/redis/lease.ts'
import type { Engine } from '#src/data/engine.ts'
import type { SystemOptions } from '#src/system.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'
import { noRedis, startRedis } from './redis.ts'
import { silent } from './running-system.ts'

type Cluster = Required<Pick<SystemOptions, 'engine' | 'lease'>>

const clusters = new Map<string, Promise<Engine>>()

/** All that the server holds, the log and what is kept beside it, as text. */
export const heldByServer = async (url: string): Promise<string> => {
  const connection = connect({ url })
  try {
    const events = await connection.read<AllStreamResolvedEvent>((client) =>
      client.readAll({ fromPosition: START, maxCount: 100_000 }),
    )
    return events
      .map(({ event }) => JSON.stringify([event?.streamId, event?.data, event?.metadata]))
      .join('\n')
  } finally {
    await connection.close()
  }
}

/** Every key that Redis holds, with its value. */
export const heldByRedis = async (): Promise<string> => {
  const { client } = await theRedis()
  const keys = await client.keys('*')
  const values = await Promise.all(keys.map((key) => client.get(key)))
  return JSON.stringify([keys, values])
}

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

let opened: Promise<RedisConnection> | undefined
const theRedis = (): Promise<RedisConnection> => {
  opened ??= (async () => {
    const { url } = await startRedis(t)
    const redis = openRedis(url, silent)
    t.teardown(() => redis.close())
    while (!redis.isUp()) await pause(10)
    return redis
  })()
  return opened
}

const leases = async (): Promise<(log: string) => Lease> => {
  const { client } = await theRedis()
  return (log) => holdLease({ client, name: `processes:${log}`, holder: randomUUID(), ttlMs: 2_000 })
}
