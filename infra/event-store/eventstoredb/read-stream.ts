import type { RecordedEvent, ResolvedEvent } from '@eventstore/db-client'
import { nothingIfNotFound } from '#infra/eventstoredb/append.ts'
import type { Connection } from '#infra/eventstoredb/connection.ts'

const PAGE = 500

/** All that the server has of a stream from `version` on. */
export const readStream = async (
  connection: Connection,
  stream: string,
  version: number,
): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for (let next = version; ; next += PAGE) {
    const page = await nothingIfNotFound(
      connection.read<ResolvedEvent>((client) =>
        client.readStream(stream, { fromRevision: BigInt(next - 1), maxCount: PAGE, requiresLeader: true }),
      ),
    )
    events.push(...page.flatMap(({ event }) => event ?? []))
    if (page.length < PAGE) return events
  }
}
