import type { StreamName } from '#domain/kernel/event.ts'
import {
  type Appended,
  DuplicateEventId,
  type Expected,
  StoreUnavailable,
  WrongExpectedVersion,
} from '#domain/kernel/event-store.ts'
import type { Outcome } from './admit.ts'

/** The port's words for an outcome. */
export const answer = (stream: StreamName, expected: Expected, outcome: Outcome): Appended => {
  if ('actual' in outcome) throw new WrongExpectedVersion(stream, expected, outcome.actual)
  if ('duplicate' in outcome) throw new DuplicateEventId(outcome.duplicate)
  return { version: outcome.version, position: BigInt(outcome.position) }
}

export const closed = (): StoreUnavailable => new StoreUnavailable('the event store is closed')
