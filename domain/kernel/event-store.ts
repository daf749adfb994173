import type { Envelope, StreamName } from './event.ts'

/** `none`: the stream must not exist. `any`: append whatever is there. A number: the version last read. */
export type Expected = 'none' | 'any' | number

/** An event as an engine keeps it: the codec has not looked at it yet. */
export type Stored = Envelope & {
  readonly type: string
  readonly schemaVersion: number
  readonly data: Readonly<Record<string, unknown>>
}

export type Appending = Omit<Stored, 'stream' | 'version' | 'position'>

/** `version` and `position` are those of the last event appended. */
export type Appended = { readonly version: number; readonly position: bigint }

/** Events in log order; `caughtUp` when the log held no more at that moment. A caught-up page may be empty. */
export type Page = { readonly events: readonly Stored[]; readonly caughtUp: boolean }

/**
 * The one port every engine implements; `test/contract/event-store.ts` says in tests what it must do.
 *
 * An append is durable when its promise resolves. It touches one stream, is all or nothing, and appending the same event ids
 * to the same stream again returns the first answer.
 */
export type EventStore = {
  /**
   * @throws WrongExpectedVersion  the stream is not where the caller thought
   * @throws DuplicateEventId      an id is taken by an event elsewhere
   * @throws StoreUnavailable      nothing is known to be stored; the same append may be tried again
   */
  append(stream: StreamName, expected: Expected, events: readonly Appending[]): Promise<Appended>
  /** A whole stream, oldest first, from `from` (version, 1 by default). Empty when it does not exist. */
  read(stream: StreamName, from?: number): Promise<readonly Stored[]>
  /** At most `limit` events after `position`, in log order, safe to process: nothing can ever appear before them. */
  after(position: bigint, limit: number): Promise<readonly Stored[]>
  /** Everything after `position`, then live until the signal aborts. */
  follow(position: bigint, signal: AbortSignal): AsyncIterable<Page>
  find(eventId: string): Promise<Stored | undefined>
  /** Position of the newest event; 0 for an empty log. */
  head(): Promise<bigint>
  close(): Promise<void>
}

export class WrongExpectedVersion extends Error {
  override readonly name = 'WrongExpectedVersion'
  readonly actual: number
  constructor(stream: StreamName, expected: Expected, actual: number) {
    super(`${stream}: expected ${expected}, found ${actual}`)
    this.actual = actual
  }
}

export class DuplicateEventId extends Error {
  override readonly name = 'DuplicateEventId'
  readonly eventId: string
  constructor(eventId: string) {
    super(`event id ${eventId} is already in the log`)
    this.eventId = eventId
  }
}

export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}
