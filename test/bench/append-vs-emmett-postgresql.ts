import { recordedPerSecond } from './append-whole.ts'
import { atLeast, type Bench, FULL, type Size } from './kit/bench.ts'
import { appendedPerSecond, type EventStore, hush } from './kit/emmett.ts'
import { missingPeers, peer } from './kit/peers.ts'
import { missingPostgres, startPostgres } from './kit/postgres.ts'

const CALLERS = 32

type Emmett = {
  getPostgreSQLEventStore(url: string, options: object): EventStore & { close(): Promise<void> }
}
type Pg = {
  readonly Pool: new (options: { connectionString: string; max: number }) => { end(): Promise<void> }
}

const emmett = async (size: Size): Promise<number> => {
  hush()
  const { getPostgreSQLEventStore } = await peer<Emmett>('@event-driven-io/emmett-postgresql')
  const { Pool } = await peer<Pg>('pg')
  const cluster = await startPostgres(size.dir)
  const pool = new Pool({ connectionString: cluster.url, max: CALLERS })
  const store = getPostgreSQLEventStore(cluster.url, { connectionOptions: { pool } })
  await store.schema.migrate()
  const rate = await appendedPerSecond(store, CALLERS, size, false)
  await store.close()
  await pool.end().catch(() => undefined)
  await cluster.stop()
  return rate
}

export const appendVsEmmettPostgresql: Bench = {
  name: 'append.vs-emmett-postgresql',
  unit: 'events/s',
  target: atLeast(6),
  durability: `${FULL}; PostgreSQL fsync=on, synchronous_commit=on`,
  ours: (size) => recordedPerSecond(size, CALLERS),
  against: { name: 'emmett-postgresql, 32 callers', run: emmett },
  missing: async () => (await missingPostgres()) ?? (await missingPeers()),
}
