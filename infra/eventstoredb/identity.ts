import { randomUUID } from 'node:crypto'
import { jsonEvent, NO_STREAM, type ResolvedEvent } from '@eventstore/db-client'
import { nothingIfNotFound } from './append.ts'
import type { Connection } from './connection.ts'
import { answerIn } from './errors.ts'

const STREAM = '_log-identity'

/** The name that this server's log was given by the first node that came: two logs with the same facts are still two. */
export const logIdentity = async (connection: Connection): Promise<string> => {
  for (;;) {
    const [first] = await nothingIfNotFound(
      connection.read<ResolvedEvent>((client) =>
        client.readStream(STREAM, { maxCount: 1, requiresLeader: true }),
      ),
    )
    const data = first?.event?.data
    if (typeof data === 'object' && data !== null && 'identity' in data) return String(data.identity)
    const event = jsonEvent({ type: 'LogNamed', data: { identity: randomUUID() } })
    try {
      await connection.attempt((client) =>
        client.appendToStream(STREAM, event, { expectedRevision: NO_STREAM, requiresLeader: true }),
      )
    } catch (error) {
      // Another node was faster: what it wrote is read.
      if (answerIn(error) !== 'wrongVersion') throw error
    }
  }
}
