import { accessLogEvents } from '#domain/access-log/events.ts'
import { streamName } from '#domain/kernel/event.ts'
import type { System } from '#src/system.ts'
import { noteOf } from '#src/write/note.ts'
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

export type Refusing = Pick<Viewing, 'principal' | 'familyId' | 'route' | 'requestId'> & {
  readonly rule: string
  readonly holder?: string
}

export type AccessLog = {
  /**
   * Who looks is written down before anything is released: no event, no data (SECURITY, Rules).
   * @throws StoreUnavailable and then nothing may be released
   */
  viewed(viewing: Viewing): Promise<void>
  /** Who asked for what is not theirs. Nothing leaves either way, so nobody waits for it. */
  refused(refusing: Refusing): Promise<void>
}

export const accessLogIn = ({ store, now }: Pick<System, 'store' | 'now'>): AccessLog => {
  const write = async (
    type: keyof typeof accessLogEvents,
    { principal, familyId, requestId }: Pick<Viewing, 'principal' | 'familyId' | 'requestId'>,
    data: Readonly<Record<string, unknown>>,
  ): Promise<void> => {
    const about = { recordedAt: now(), actor: actorOf(principal), familyId, correlationId: requestId }
    await store.append(streamName('access', familyId), 'any', [
      noteOf(type, accessLogEvents[type], data, about),
    ])
  }
  return {
    viewed: (viewing) => {
      const { purpose, route, released } = viewing
      return write('RecordViewed', viewing, { purpose, route, ...released })
    },
    refused: (refusing) => {
      const { route, rule, holder } = refusing
      return write('ReadingRefused', refusing, { route, rule, holder })
    },
  }
}
