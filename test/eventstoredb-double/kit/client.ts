import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import type { Test } from 'tap'
import { type Double, type DoubleOptions, startDouble } from '../double.ts'

export type Client = EventStoreDBClient

/** The real client, put away with the test. */
export const connect = (t: Test, url: string): Client => {
  const client = EventStoreDBClient.connectionString(url)
  t.teardown(() => client.dispose())
  return client
}

export const startHere = async (
  t: Test,
  options: DoubleOptions = {},
): Promise<{ readonly double: Double; readonly client: Client }> => {
  const double = await startDouble(options)
  t.teardown(() => double.stop())
  return { double, client: connect(t, double.url) }
}

export const visit = (note: string | number = 'a visit', type = 'VisitRecorded') =>
  jsonEvent({ id: randomUUID(), type, data: { note }, metadata: { by: 'staff-1' } })

export const newStream = (kind = 'visit') => `${kind}-${randomUUID()}`

export const notes = (events: readonly { readonly event?: { readonly data: unknown } }[]): unknown[] =>
  events.map(({ event }) => (event?.data as { note: unknown } | undefined)?.note)

export const collect = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const one of stream) all.push(one)
  return all
}
