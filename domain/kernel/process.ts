import type { AnyEvent, Recorded } from './event.ts'
import type { AnyState } from './lifecycle.ts'

/** A command that follows from a fact, given by `system`. */
export type Consequence = {
  readonly lifecycle: string
  readonly command: string
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What follows from a fact; a function where that depends on the fact's own stream, folded up to now. */
export type Reaction = readonly Consequence[] | ((state: AnyState) => readonly Consequence[])

/**
 * What must follow across streams. The first fact is decided alone; the process gives the second as a command whose id
 * derives from that fact, so however often it runs the consequence is recorded once (ARCHITECTURE 3.2).
 */
export type Process<E extends AnyEvent = AnyEvent> = {
  /** Part of the consequences' ids: never rename. */
  readonly name: string
  readonly on: {
    readonly [T in E['type']]?: (event: Recorded<Extract<E, { type: T }>>) => Reaction
  }
}

/** A promise with a date: if it still stands after `after` (ISO instant, UTC), a command by `system` says so. */
export type Deadline = {
  readonly after: string
  readonly command: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The deadlines that the state of one lifecycle has running, looked at anew with every event of its stream. */
export type Watch = {
  readonly lifecycle: string
  deadlines(state: AnyState): readonly Deadline[]
}

export const process =
  <E extends AnyEvent>() =>
  (definition: Process<E>): Process =>
    // Handlers are found by the type they were declared for.
    definition as Process
