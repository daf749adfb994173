import t, { type Test } from 'tap'
import { type AnyEvent, type StreamName, streamName } from '#domain/kernel/event.ts'
import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import type { Actor } from '#domain/kernel/metadata.ts'
import { attempt, MORNING, type Outcome } from './attempt.ts'
import { idOfLifecycle, partner } from './controls.ts'
import type { Fact } from './facts.ts'

type Circumstances = { readonly by?: Actor; readonly on?: string; readonly id?: string }

/**
 * `spec(t, referral).given(…facts).and('consent', id, …facts).when('SendReferral', data).emits(…facts)`
 *
 * Exact and in order: `emits` what happened (nothing: things were already so), `rejects` a rule said no, `invalid` the schema
 * said no, `forbidden` this role may never ask.
 */
export const spec = (t: Test, lifecycle: Lifecycle) => ({
  given: (...past: readonly Fact[]) => situation(t, lifecycle, past, new Map()),
})

export type Given = ReturnType<typeof spec>['given']

/** `const rule = rulesOf(referral)`, then `await rule('a sentence', (given) => …)`. */
export const rulesOf =
  (lifecycle: Lifecycle) =>
  (title: string, check: (given: Given, t: Test) => unknown): Promise<unknown> =>
    t.test(title, async (t) => void check(spec(t, lifecycle).given, t))

type Situation = {
  /** What has happened in another stream, which the decision may look at. */
  and(category: string, id: string, ...facts: readonly Fact[]): Situation
  when(command: string, data?: unknown, circumstances?: Circumstances): Answer
}

const situation = (
  t: Test,
  lifecycle: Lifecycle,
  past: readonly Fact[],
  world: ReadonlyMap<StreamName, readonly Fact[]>,
): Situation => ({
  and: (category, id, ...facts) =>
    situation(t, lifecycle, past, new Map([...world, [streamName(category, id), facts]])),
  when(command, data = {}, { by = partner, on = MORNING, id = idOfLifecycle(lifecycle.name) } = {}) {
    return answerOf(t, lifecycle, attempt({ lifecycle, id, past, world, command, data, by, on }))
  },
})

const answerOf = (t: Test, lifecycle: Lifecycle, outcome: Outcome) => ({
  emits(...events: readonly AnyEvent[]): void {
    t.strictSame(saidBy(outcome), { emitted: events.map(asWritten) })
    if (outcome.kind === 'done') leavesTheStateItNames(t, lifecycle, outcome)
  },
  rejects(code: string, pointer?: string): void {
    const said = saidBy(outcome)
    t.strictSame(pointer === undefined ? withoutPointer(said) : said, {
      refused: code,
      ...(pointer !== undefined && { pointer }),
    })
  },
  invalid: (pointer: string): void => void t.strictSame(saidBy(outcome), { invalid: [pointer] }),
  forbidden: (): void => void t.strictSame(saidBy(outcome), { forbidden: true }),
})

type Answer = ReturnType<typeof answerOf>

const saidBy = (outcome: Outcome) => {
  switch (outcome.kind) {
    case 'done':
      return { emitted: outcome.steps.map(({ event }) => event) }
    case 'refused': {
      const { refused, pointer } = outcome.refusal
      return { refused, ...(pointer !== undefined && { pointer }) }
    }
    case 'invalid':
      return { invalid: outcome.pointers }
    case 'forbidden':
      return { forbidden: true }
  }
}

/** A field that nobody gave is not in the log. */
const asWritten = ({ type, data }: AnyEvent) => JSON.parse(JSON.stringify({ type, data })) as AnyEvent

const withoutPointer = ({ pointer: _, ...said }: ReturnType<typeof saidBy> & { pointer?: string }) => said

/** The catalogue tells readers which state an event leads to; the fold must agree. Bookkeeping may leave that to its data. */
export const leavesTheStateItNames = (
  t: Test,
  { events }: Lifecycle,
  { before, steps }: Extract<Outcome, { kind: 'done' }>,
) => {
  let status = before.status
  for (const { event, after } of steps) {
    const named = events[event.type]?.state
    if (named !== undefined || !events[event.type]?.bookkeeping)
      t.equal(after.status, named ?? status, `${event.type} leads from ${status} to what the catalogue says`)
    status = after.status
  }
}
