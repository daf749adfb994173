import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import type { Test } from 'tap'
import { type Double, type DoubleOptions, startDouble } from '../double.ts'

export type Client = EventStoreDBClient

/** The real client, put away with the test: not waited for long, since it may wait for a call for ever. */
export const connect = (t: Test, url: string): Client => {
  const client = EventStoreDBClient.connectionString(url)
  t.teardown(() => within(500, client.dispose()))
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

export const noteOf = (event: { readonly data: unknown } | undefined): unknown =>
  event && Reflect.get(Object(event.data), 'note')

export const notes = (events: readonly { readonly event?: { readonly data: unknown } }[]): unknown[] =>
  events.map(({ event }) => noteOf(event))

export const collect = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const one of stream) all.push(one)
  return all
}

export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

export const until = async (holds: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> => {
  const deadline = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come to hold')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Nothing if it is not settled by then. */
export const within = <T>(ms: number, promise: Promise<T>): Promise<T | undefined> =>
  Promise.race([promise, new Promise<undefined>((resolve) => setTimeout(resolve, ms, undefined))])
