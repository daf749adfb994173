import type { AnyEvent } from '#domain/kernel/event.ts'
import { streamName } from '#domain/kernel/event.ts'
import {
  type AnyState,
  type CommandSpec,
  type Context,
  isRefusal,
  type Lifecycle,
  type Lookup,
  type Lookups,
  type Refusal,
  type Seen,
} from '#domain/kernel/lifecycle.ts'
import type { Actor, Occurrence } from '#domain/kernel/metadata.ts'
import { japanDate, startOfDay, utc } from '#domain/kernel/time.ts'
import { kebab } from '#src/write/execute.ts'
import { calendar, newId, partner } from './controls.ts'
import type { Fact } from './facts.ts'

/** Other streams by name, as far as they are known. */
export type World = ReadonlyMap<string, readonly Fact[]>

export type Attempt = {
  readonly lifecycle: Lifecycle
  readonly id: string
  readonly past: readonly Fact[]
  readonly world: World
  readonly command: string
  /** As a client sends it. */
  readonly data: unknown
  readonly by: Actor
  /** A day, or an instant with offset. */
  readonly on: string
}

export type Outcome =
  | { readonly kind: 'invalid'; readonly pointers: readonly string[] }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly state: AnyState }
  | { readonly kind: 'done'; readonly before: AnyState; readonly steps: readonly Step[] }

/** An event as it would lie in the log, and the state it led to. */
export type Step = { readonly event: AnyEvent; readonly after: AnyState }

export const MORNING = '2022-02-17T09:00+09:00'

/** What `src/write/execute.ts` does with a command, without a log: the same gate, the same schemas, folds from given facts. */
export const attempt = ({ lifecycle, id, past, world, command, data, by, on }: Attempt): Outcome => {
  const spec = commandOf(lifecycle, command)
  const parsed = spec.schema.safeParse(data)
  if (!parsed.success)
    return { kind: 'invalid', pointers: parsed.error.issues.map(({ path }) => `/${path.join('/')}`) }
  if (!spec.by.includes(by.role)) return { kind: 'forbidden' }

  const before = folded(lifecycle, past)
  const gate = mayStart(spec, lifecycle, before)
  if (gate) return { kind: 'refused', refusal: gate, state: before }

  const lookups = spec.looksAt?.(parsed.data, before, by, id) ?? {}
  let fresh = 0
  const context: Context<Seen<Lookups>> = {
    ...occurrence(on),
    id,
    actor: by,
    now: occurrence(on).occurredAt,
    calendar,
    seen: Object.fromEntries(
      Object.entries(lookups).map(([name, lookup]) => [name, see(lookup, world)]),
    ) as Seen<Lookups>,
    newId: () => newId(++fresh),
  }
  const decision = spec.decide(before, parsed.data, context)
  if (isRefusal(decision)) return { kind: 'refused', refusal: decision, state: before }
  let state = before
  const steps = decision.map((decided) => {
    if (!spec.emits.includes(decided.type)) throw new Error(`${command} does not declare ${decided.type}`)
    const event = sealed(lifecycle, decided)
    state = lifecycle.evolve(state, event, context)
    return { event, after: state }
  })
  return { kind: 'done', before, steps }
}

export const folded = (lifecycle: Lifecycle, past: readonly Fact[]): AnyState =>
  past.reduce<AnyState>(
    (state, event) => lifecycle.evolve(state, event, circumstance(event)),
    lifecycle.initial,
  )

export const commandOf = (lifecycle: Lifecycle, name: string): CommandSpec => {
  const spec = lifecycle.commands[name]
  if (!spec) throw new Error(`${lifecycle.name} has no command ${name}`)
  return spec
}

export const occurrence = (on: string): Occurrence =>
  on.includes('T')
    ? { occurredAt: utc(on), occurredOn: japanDate(on), precision: 'instant' }
    : { occurredAt: startOfDay(on), occurredOn: on, precision: 'day' }

const circumstance = ({ by = partner, on = MORNING }: Fact) => ({ ...occurrence(on), actor: by })

const mayStart = (spec: CommandSpec, { name }: Lifecycle, { status }: AnyState): Refusal | undefined => {
  if (spec.from.includes(status)) return undefined
  const reason = status === 'none' ? 'not-found' : 'illegal-transition'
  return { refused: `${kebab(name)}/${reason}`, detail: status }
}

const see = (lookup: Lookup | readonly Lookup[] | undefined, world: World): unknown => {
  if (lookup === undefined) return undefined
  if (isMany(lookup)) return lookup.map((one) => see(one, world))
  const facts = world.get(streamName(lookup.fold.category, lookup.id)) ?? []
  return facts.reduce(
    (state, event) => lookup.fold.evolve(state, event, circumstance(event)),
    lookup.fold.initial,
  )
}

const isMany = (lookup: Lookup | readonly Lookup[]): lookup is readonly Lookup[] => Array.isArray(lookup)

/** As it would lie in the log: through the contract's own schema, without fields that nobody gave. */
const sealed = ({ events, name }: Lifecycle, { type, data }: AnyEvent): AnyEvent => {
  const spec = events[type]
  if (!spec) throw new Error(`${name} does not know ${type}`)
  return { type, data: JSON.parse(JSON.stringify(spec.schema.parse(data))) as unknown }
}
