import { join } from 'node:path'
import type { Stored } from '#domain/kernel/event-store.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import type { Size } from './bench.ts'
import { peer } from './peers.ts'
import { preparedVisits } from './prepared.ts'
import { perSecond } from './timing.ts'

type Event = { readonly type: string; readonly data: unknown; readonly metadata: unknown }
type Message = Event & { readonly metadata: { readonly globalPosition: bigint } }
type Values = readonly (string | number | null)[]
type Connection = {
  query<T>(sql: string): Promise<T[]>
  command(sql: string, values?: Values): Promise<unknown>
  close(): void
}

export type EventStore = {
  readonly schema: { migrate(): Promise<unknown> }
  appendToStream(
    stream: string,
    events: readonly Event[],
    options: { expectedStreamVersion: bigint },
  ): Promise<unknown>
}

type Consumer = { processor(options: object): unknown; start(): Promise<void>; stop(): Promise<void> }
type SqliteStore = EventStore & { consumer(options: object): Consumer }

type Sqlite = {
  sqliteConnection(options: { fileName: string }): Connection
  getSQLiteEventStore(options: object): SqliteStore
}

export const toEmmett = ({ type, data, metadata }: Stored): Event => ({ type, data, metadata })

/** It prints what it does and every error it meets. */
export const hush = (): void => {
  console.log = () => undefined
}

/** One shared connection: with a connection for each operation, as documented, callers beside each other get errors. */
export const openEmmettSqlite = async (dir: string) => {
  hush()
  const { sqliteConnection, getSQLiteEventStore } = await peer<Sqlite>('@event-driven-io/emmett-sqlite')
  const fileName = join(dir, 'emmett.db')
  const connection = sqliteConnection({ fileName })
  const [pragma] = await connection.query<{ synchronous: number }>('PRAGMA synchronous')
  if (pragma?.synchronous !== 2) throw new Error('synchronous is not FULL')
  const store = getSQLiteEventStore({ fileName, connectionOptions: { singleton: true, connection } })
  await store.schema.migrate()
  return { store, connection }
}

/** New streams of one visit each, by so many callers; the bytes are ours. */
export const appendedPerSecond = async (
  store: EventStore,
  callers: number,
  size: Size,
  inTurn: boolean,
): Promise<number> => {
  const visits = (await preparedVisits()).map(toEmmett)
  let number = 0
  let last: Promise<unknown> = Promise.resolve()
  return perSecond(callers, size, () => {
    const visit = visits[number++ % visits.length] as Event
    const append = () => store.appendToStream(`visit-${uuidV7()}`, [visit], { expectedStreamVersion: 0n })
    if (!inTurn) return append()
    last = last.then(append)
    return last
  })
}

const TIMELINE = `CREATE TABLE timeline (
  family TEXT NOT NULL, occurred_at TEXT NOT NULL, position INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (family, occurred_at, position)) WITHOUT ROWID`

/** Events a second into one plain timeline, through emmett's own consumer at its best settings. */
export const replayedPerSecond = async (events: readonly Stored[], dir: string): Promise<number> => {
  const { store, connection } = await openEmmettSqlite(dir)
  for (let from = 0; from < events.length; from += 100)
    await store.appendToStream(`page-${from}`, events.slice(from, from + 100).map(toEmmett), {
      expectedStreamVersion: 0n,
    })
  await connection.command(TIMELINE)
  const consumer = store.consumer({ pulling: { batchSize: 1_000, pullingFrequencyInMs: 0 } })
  consumer.processor({
    processorId: 'timeline',
    startFrom: 'BEGINNING',
    stopAfter: ({ metadata }: Message) => Number(metadata.globalPosition) >= events.length,
    eachMessage: (message: Message, context: { connection: Connection }) =>
      insertRow(context.connection, message),
  })
  const begun = performance.now()
  await consumer.start()
  const rate = (events.length * 1_000) / (performance.now() - begun)
  await consumer.stop()
  const [kept] = await connection.query<{ rows: number }>('SELECT count(*) AS rows FROM timeline')
  connection.close()
  if (kept?.rows !== events.length) throw new Error(`${kept?.rows} rows of ${events.length}`)
  return rate
}

const insertRow = (connection: Connection, { type, data, metadata }: Message): Promise<unknown> => {
  const { familyId = '', occurredAt = '' } = metadata as { familyId?: string; occurredAt?: string }
  const values = [familyId, occurredAt, Number(metadata.globalPosition), type, JSON.stringify(data)]
  return connection.command('INSERT INTO timeline VALUES (?, ?, ?, ?, ?)', values)
}
