import t from 'tap'
import { attempt } from '#test/kit/attempt.ts'
import { partner } from '#test/kit/controls.ts'
import { askFor, type Example, examples, pastOf, world } from '#test/kit/examples.ts'
import { leavesTheStateItNames } from '#test/kit/spec.ts'
import { rowsOf, tables } from '#test/kit/transitions.ts'

/** Late enough that every clock has been missed and the consent is still valid. */
const on = (command: string) =>
  command === 'DetectReferralOverdue' || command === 'ExpireConsent' ? '2022-09-05' : '2022-03-09'

const run = (example: Example, state: string, command: string) => {
  const { data = {}, by = partner } = askFor(example, command, state)
  const { lifecycle, id } = example
  return attempt({ lifecycle, id, past: pastOf(example, state), world, command, data, by, on: on(command) })
}

t.strictSame(new Set(Object.keys(tables)), new Set(Object.keys(examples)), 'every table has its example')

for (const [name, table] of Object.entries(tables)) {
  const example = examples[name]
  if (!example) continue
  const { lifecycle } = example
  const rows = rowsOf(name)
  const states = ['none', ...table.states]
  const commands = Object.entries(lifecycle.commands)

  t.test(`${name}: the examples lead into every state of the table, and into no other`, async (t) => {
    t.strictSame(new Set(Object.keys(example.pasts)), new Set(table.states))
    for (const state of table.states) {
      const after = pastOf(example, state).reduce(
        (before, event) =>
          lifecycle.evolve(before, event, {
            occurredAt: '2022-02-17T00:00:00.000Z',
            occurredOn: '2022-02-17',
            precision: 'instant',
            actor: event.by ?? partner,
          }),
        lifecycle.initial,
      )
      t.equal(after.status, state)
    }
  })

  t.test(`${name}: every transition of the table can be made`, async (t) => {
    const made = new Set<string>()
    for (const state of states)
      for (const [command] of commands) {
        const outcome = run(example, state, command)
        if (outcome.kind !== 'done') continue
        leavesTheStateItNames(t, lifecycle, outcome)
        let from = outcome.before.status
        for (const { event, after } of outcome.steps) {
          made.add(`${from} ${event.type} ${after.status}`)
          from = after.status
        }
      }
    t.strictSame(made, new Set(rows.map(({ from, event, to }) => `${from} ${event} ${to}`)))
  })

  t.test(`${name}: what the table does not have is refused`, async (t) => {
    for (const state of states)
      for (const [command, { emits }] of commands) {
        if (rows.some(({ from, event }) => from === state && emits.includes(event))) continue
        const outcome = run(example, state, command)
        const quiet =
          example.quiet?.includes(command) && outcome.kind === 'done' && outcome.steps.length === 0
        const reason = state === 'none' ? 'not-found' : 'illegal-transition'
        if (!quiet)
          t.match(
            outcome,
            { kind: 'refused', refusal: { refused: new RegExp(`/${reason}$`) } },
            `${command} while ${state}`,
          )
      }
  })

  t.test(`${name}: the states that the facts name are states of the table`, async (t) => {
    for (const [type, { state, terminal }] of Object.entries(lifecycle.events)) {
      t.ok(state === undefined || table.states.includes(state), type)
      for (const end of table.terminal)
        t.ok(terminal === undefined || terminal.includes(end), `${type}: nothing is owed when ${end}`)
    }
  })

  t.test(`${name}: nothing leaves a terminal state`, async (t) => {
    for (const end of table.terminal)
      for (const [command] of commands) {
        const outcome = run(example, end, command)
        t.ok(
          outcome.kind === 'refused' || (outcome.kind === 'done' && outcome.steps.length === 0),
          `${command} after ${end}`,
        )
      }
  })
}
