import { join } from 'node:path'
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client'
import { streamName } from '#domain/kernel/event.ts'
import type { Appending } from '#domain/kernel/event-store.ts'
import { openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { startDoubleProcess } from '#test/eventstoredb-double/kit/process.ts'
import { preparedVisits } from './prepared.ts'

/** The server in a process of its own, in memory: what is measured is what stands before it. */
export const withServer = async <T>(work: (url: string) => Promise<T>): Promise<T> => {
  const server = await startDoubleProcess({})
  try {
    return await work(server.url)
  } finally {
    await server.stop()
  }
}

/** Visits that lie ready, each with an id of its own. */
export const freshVisits = async (): Promise<() => Appending> => {
  const visits = await preparedVisits()
  let number = 0
  return () => {
    const visit = visits[number++ % visits.length]
    if (!visit) throw new Error('no visit')
    return { ...visit, id: uuidV7() }
  }
}

export const openOurs = (url: string, dir: string) =>
  openEventStoreDb({
    url,
    replicaFile: join(dir, 'replica.db'),
  })

/** The client as its own documentation uses it. */
export const bareClient = (url: string) => {
  const client = EventStoreDBClient.connectionString(url)
  return {
    client,
    append: ({ id, type, data, metadata }: Appending) =>
      client.appendToStream(streamName('visit', uuidV7()), jsonEvent({ id, type, data, metadata }), {
        expectedRevision: NO_STREAM,
      }),
  }
}
