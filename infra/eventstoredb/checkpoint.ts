import { BACKWARDS, END, jsonEvent, type ResolvedEvent } from '@eventstore/db-client'
import { nothingIfNotFound } from './append.ts'
import type { Connection } from './connection.ts'

/** How far a piece of work that any node may take over has come. */
export type Checkpoint = {
  /** 0: nobody has begun. */
  read(): Promise<bigint>
  write(position: bigint): Promise<void>
}

/**
 * Kept beside the log, in a stream of which only the last event counts; the server scavenges the rest. Whoever writes has done
 * everything up to there, or found it done; so a node that was asleep and writes an older one only makes others do things
 * again.
 */
export const checkpointOf = (connection: Connection, name: string): Checkpoint => {
  const stream = `_checkpoint-${name}`
  let isMade = false
  const make = async (): Promise<void> => {
    if (isMade) return
    await connection.attempt((client) => client.setStreamMetadata(stream, { maxCount: 1 }))
    isMade = true
  }
  return {
    async read() {
      const [last] = await nothingIfNotFound(
        connection.read<ResolvedEvent>((client) =>
          client.readStream(stream, {
            direction: BACKWARDS,
            fromRevision: END,
            maxCount: 1,
            requiresLeader: true,
          }),
        ),
      )
      return positionIn(last?.event?.data)
    },
    async write(position) {
      await make()
      const event = jsonEvent({ type: 'Checkpoint', data: { position: String(position) } })
      await connection.attempt((client) => client.appendToStream(stream, event, { requiresLeader: true }))
    },
  }
}

const positionIn = (data: unknown): bigint =>
  typeof data === 'object' && data !== null && 'position' in data && /^\d+$/.test(String(data.position))
    ? BigInt(String(data.position))
    : 0n
