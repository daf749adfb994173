import type { EventSpec } from '#domain/kernel/event.ts'
import type { Appending } from '#domain/kernel/event-store.ts'
import type { Actor } from '#domain/kernel/metadata.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { uuidV7 } from './command-id.ts'

/** A fact that nobody decides: who looked, what was sent. Nothing in it is under a key. */
export const noteOf = (
  type: string,
  { schema, dataClass }: Pick<EventSpec, 'schema' | 'dataClass'>,
  data: Readonly<Record<string, unknown>>,
  about: {
    readonly recordedAt: string
    readonly actor: Actor
    readonly familyId?: string
    readonly correlationId?: string
  },
): Appending => {
  const { recordedAt, actor, familyId } = about
  const id = uuidV7(Date.parse(recordedAt))
  const correlationId = about.correlationId ?? id
  return {
    id,
    type,
    schemaVersion: 1,
    recordedAt,
    data: schema.parse(data),
    metadata: {
      occurredAt: recordedAt,
      occurredOn: japanDate(recordedAt),
      precision: 'instant',
      actor,
      dataClass,
      ...(familyId !== undefined && { familyId }),
      correlationId,
      causationId: correlationId,
      commandId: id,
      commandHash: '',
    },
  }
}
