import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { addDays, startOfDay } from '#domain/kernel/time.ts'
import { watches } from '#domain/processes/deadlines.ts'
import { arbitraryOf } from '#test/kit/arbitrary.ts'
import { attempt, folded, type Outcome } from '#test/kit/attempt.ts'
import * as c from '#test/kit/controls.ts'
import { askFor, type Example, examples, pastOf, world } from '#test/kit/examples.ts'
import type { Fact } from '#test/kit/facts.ts'
import { rowsOf, tables } from '#test/kit/transitions.ts'

/** Somebody asks for something, some days later; parts of a good request are replaced by anything of the right shape. */
type Move = {
  readonly command: string
  readonly days: number
  readonly noise: Readonly<Record<string, unknown>>
  readonly by: (typeof actors)[number] | undefined
}
const actors = [c.partner, c.coordinator, c.director, c.mchCoordinator, c.wardManager, c.elsewhere, c.system]

const someFields = (fields: unknown, chosen: readonly number[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields as object).filter((_, i) => chosen.includes(i)))

const movesOf = ({ lifecycle }: Example): fc.Arbitrary<readonly Move[]> => {
  const move = fc.constantFrom(...Object.entries(lifecycle.commands)).chain(([command, { schema }]) =>
    fc.record({
      command: fc.constant(command),
      days: fc.constantFrom(0, 0, 1, 3, 12, 70),
      noise: fc
        .tuple(
          arbitraryOf(schema),
          fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(fc.nat(20), { maxLength: 4 })),
        )
        .map(([fields, chosen]) => someFields(fields, chosen)),
      by: fc.option(fc.constantFrom(...actors), { nil: undefined, freq: 8 }),
    }),
  )
  return fc.array(move, { minLength: 1, maxLength: 25 })
}

/** Carries the moves out, the system's nightly look at the clocks among them, and checks each answer. */
const play = (example: Example, start: string, moves: readonly Move[], check: (outcome: Outcome) => void) => {
  const { lifecycle, id } = example
  const past: Fact[] = [...pastOf(example, start)]
  let day = '2022-02-21'
  const act = (command: string, data: unknown, by: Move['by']) => {
    const on = `${day}T10:00+09:00`
    const given = { lifecycle, id, past: [...past], world, command, data, by: by ?? c.partner, on }
    const outcome = attempt(given)
    deepStrictEqual(attempt(given), outcome, 'decided differently the second time')
    check(outcome)
    if (outcome.kind !== 'done') return
    past.push(...outcome.steps.map(({ event }) => ({ ...event, by: by ?? c.partner, on })))
    deepStrictEqual(
      plain(folded(lifecycle, past)),
      plain(outcome.steps.at(-1)?.after ?? outcome.before),
      'replays to another state',
    )
  }
  for (const { command, days, noise, by } of moves) {
    day = addDays(day, days)
    const state = folded(lifecycle, past)
    for (const watch of watches.filter((each) => each.lifecycle === lifecycle.name))
      for (const due of watch.deadlines(state))
        if (due.after <= startOfDay(day)) act(due.command, due.data, c.system)
    const ask = askFor(example, command, folded(lifecycle, past).status)
    act(command, { ...(ask.data as object | undefined), ...noise }, by ?? ask.by)
  }
  return past
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const OVERDUE = 'ReferralOverdueDetected'
const ROUNDS = 20

for (const name of ['referral', 'careRequest', 'consultation', 'consent']) {
  const example = examples[name]
  if (!example) continue
  const { lifecycle } = example
  const rows = new Set(rowsOf(name).map(({ from, event, to }) => `${from} ${event} ${to}`))
  // One of two referrals of a consultation has ended.
  rows.add('linking ConsultationUnlinked linking')
  const { terminal = [], states = [] } = tables[name] ?? {}
  const reached = new Set<string>()
  const declared = [...Object.keys(lifecycle.refusals), 'not-found', 'illegal-transition']

  t.test(`${name}: whatever is asked, the facts keep the table and replay to the same state`, async (t) => {
    const starts = fc.constantFrom('none', 'none', ...Object.keys(example.pasts))
    const property = fc.property(starts, movesOf(example), (start, moves) => {
      const past = play(example, start, moves, (outcome) => {
        if (outcome.kind === 'refused') {
          const { refused } = outcome.refusal
          if (!declared.some((code) => refused === code || refused.endsWith(`/${code}`)))
            throw new Error(`undeclared ${refused}`)
        }
        if (outcome.kind !== 'done') return
        let from = outcome.before.status
        for (const { event, after } of outcome.steps) {
          if (terminal.includes(from)) throw new Error(`${event.type} after ${from}`)
          if (!rows.has(`${from} ${event.type} ${after.status}`))
            throw new Error(`not in the table: ${from} ${event.type} ${after.status}`)
          const spec = lifecycle.events[event.type]
          deepStrictEqual(
            plain(spec?.schema.parse(event.data)),
            event.data,
            'reads differently from what was written',
          )
          from = after.status
          reached.add(from)
        }
      })
      const misses = past.filter(({ type }) => type === OVERDUE).map(({ data }) => JSON.stringify(data))
      if (new Set(misses).size < misses.length) throw new Error('the same clock was noted twice')
    })
    // Rare states are looked for until all are found; a table's state that nothing reaches is red after all rounds.
    const isMissing = (state: string) => !reached.has(state)
    for (let round = 0; round < ROUNDS && (round === 0 || states.some(isMissing)); round += 1)
      fc.assert(property, { numRuns: 300 })
    for (const state of states) t.ok(reached.has(state), `${state} was reached`)
  })
}
