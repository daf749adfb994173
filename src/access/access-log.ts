import { accessLogEvents } from '#domain/access-log/events.ts'
import { streamName } from '#domain/kernel/event.ts'
import { japanDate } from '#domain/kernel/time.ts'
import type { System } from '#src/system.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { actorOf, type Principal } from './principal.ts'
import type { Released } from './reveal.ts'

export type Viewing = {
  readonly principal: Principal
  readonly familyId: string
  readonly purpose: string
  /** The route's template, without ids. */
  readonly route: string
  readonly released: Released
  readonly requestId: string
}

/** @throws StoreUnavailable and then nothing may be released */
export type RecordView = (viewing: Viewing) => Promise<void>

/** Who looks is written down before anything is released: no event, no data (SECURITY, Rules). */
export const accessLogIn =
  ({ store, now }: Pick<System, 'store' | 'now'>): RecordView =>
  async ({ principal, familyId, purpose, route, released, requestId }) => {
    const recordedAt = now()
    const id = uuidV7(Date.parse(recordedAt))
    const data = accessLogEvents.RecordViewed.schema.parse({ purpose, route, ...released })
    await store.append(streamName('access', familyId), 'any', [
      {
        id,
        type: 'RecordViewed',
        schemaVersion: 1,
        recordedAt,
        data,
        metadata: {
          occurredAt: recordedAt,
          occurredOn: japanDate(recordedAt),
          precision: 'instant',
          actor: actorOf(principal),
          dataClass: 'audit',
          familyId,
          correlationId: requestId,
          causationId: requestId,
          commandId: id,
          commandHash: '',
        },
      },
    ])
  }
