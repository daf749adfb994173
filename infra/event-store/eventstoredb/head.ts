import {
  type AllStreamResolvedEvent,
  BACKWARDS,
  END,
  type Position,
  type RecordedEvent,
} from '@eventstore/db-client'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import { positionOf } from './codec.ts'

const FIRST_LOOK = 16
const LARGEST_LOOK = 512

/**
 * Position of the newest event that `counts`, looking back from the end of everything on the server no further than `floor`.
 * Undefined: there is none behind it. In a quiet night the server's own statistics are most of what is new.
 */
export const newestBehind = async (
  connection: Connection,
  floor: bigint,
  counts: (event: RecordedEvent) => boolean,
): Promise<bigint | undefined> => {
  let from: Position | typeof END = END
  for (let count = FIRST_LOOK; ; count = Math.min(count * 4, LARGEST_LOOK)) {
    const found = await back(connection, from, count)
    for (const { event } of found) {
      if (!event) continue
      const { position } = event
      if (!position || position.commit <= floor) return undefined
      if (counts(event)) return BigInt(positionOf(event))
      from = position
    }
    if (found.length < count) return undefined
  }
}

const back = (
  connection: Connection,
  fromPosition: Position | typeof END,
  maxCount: number,
): Promise<readonly AllStreamResolvedEvent[]> =>
  connection.read((client) =>
    client.readAll({ direction: BACKWARDS, fromPosition, maxCount, requiresLeader: true }),
  )
