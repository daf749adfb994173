import { uuidV7 } from '#src/write/command-id.ts'
import { recordedPerSecond } from './append-whole.ts'
import { atLeast, type Bench, FULL, type Size } from './kit/bench.ts'
import { missingPeers, peer } from './kit/peers.ts'
import { missingPostgres, startPostgres } from './kit/postgres.ts'
import { preparedVisits } from './kit/prepared.ts'
import { perSecond } from './kit/timing.ts'

const CALLERS = 32

type Pool = {
  query(query: string | { name: string; text: string; values: unknown[] }): Promise<unknown>
  end(): Promise<void>
}
type Pg = { readonly Pool: new (options: { connectionString: string; max: number }) => Pool }

const TABLE = `CREATE TABLE event (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text NOT NULL, version int NOT NULL, type text NOT NULL,
  id uuid NOT NULL UNIQUE, metadata jsonb NOT NULL, data jsonb NOT NULL, UNIQUE (stream, version))`
const INSERT = 'INSERT INTO event (stream, version, type, id, metadata, data) VALUES ($1, 1, $2, $3, $4, $5)'

/** The same bytes, one INSERT and one commit each: no rule, no gapless positions, no fold. */
const insertedPerSecond = async (size: Size): Promise<number> => {
  const { Pool } = await peer<Pg>('pg')
  const visits = await preparedVisits()
  const cluster = await startPostgres(size.dir)
  const pool = new Pool({ connectionString: cluster.url, max: CALLERS })
  await pool.query(TABLE)
  let number = 0
  const rate = await perSecond(CALLERS, size, () => {
    const visit = visits[number++ % visits.length]
    const values = [
      `visit-${uuidV7()}`,
      visit?.type,
      uuidV7(),
      JSON.stringify(visit?.metadata),
      JSON.stringify(visit?.data),
    ]
    return pool.query({ name: 'append', text: INSERT, values })
  })
  await pool.end()
  await cluster.stop()
  return rate
}

export const appendVsPostgres: Bench = {
  name: 'append.vs-postgres',
  unit: 'events/s',
  target: atLeast(2),
  durability: `${FULL}; PostgreSQL fsync=on, synchronous_commit=on`,
  ours: (size) => recordedPerSecond(size, CALLERS),
  against: { name: 'PostgreSQL, plain INSERT, 32 connections', run: insertedPerSecond },
  missing: async () => (await missingPostgres()) ?? (await missingPeers()),
}
