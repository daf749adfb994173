import type { z } from 'zod'
import type { AnyEvent, Catalogue } from './event.ts'
import type { Actor, Occurrence, Role } from './metadata.ts'

/** A refusal is a value: the rule said no, nothing is broken. `refused` is `lifecycle/reason`. */
export type Refusal<Code extends string = string> = {
  readonly refused: Code
  readonly detail: string
  /** JSON pointer into the command's data, where one field is to blame. */
  readonly pointer?: string
}

/** What happened, or why not. `[]`: things are already so. */
export type Decision<E extends AnyEvent = AnyEvent, Code extends string = string> =
  | readonly E[]
  | Refusal<Code>

export const isRefusal = (decision: Decision | unknown): decision is Refusal =>
  typeof decision === 'object' && decision !== null && 'refused' in decision

/** How an event finds the past: what was known when it happened, and who did it. */
export type Circumstance = Occurrence & { readonly actor: Actor }

/** State from events. A lifecycle's own state, or another lifecycle's view of what it needs to know of this one. */
export type Fold<S> = {
  readonly category: string
  readonly initial: S
  evolve(state: S, event: AnyEvent, circumstance: Circumstance): S
}

/** `fold<State, Event>('consent', initial, { ConsentGiven: … })` — events without a line leave the state as it is. */
export const fold = <S, E extends AnyEvent>(
  category: string,
  initial: S,
  on: {
    readonly [T in E['type']]?: (state: S, data: Extract<E, { type: T }>['data'], when: Circumstance) => S
  },
): Fold<S> => ({
  category,
  initial,
  evolve(state, event, circumstance) {
    const step = (on as Record<string, ((state: S, data: unknown, when: Circumstance) => S) | undefined>)[
      event.type
    ]
    return step ? step(state, event.data, circumstance) : state
  },
})

/** Another stream that a decision has to look at, folded in the same request. */
export type Lookup<S = unknown> = { readonly fold: Fold<S>; readonly id: string }
export const look = <S>(view: Fold<S>, id: string): Lookup<S> => ({ fold: view, id })

export type Lookups = Readonly<Record<string, Lookup | readonly Lookup[] | undefined>>

export type Seen<L> = {
  readonly [K in keyof L]: L[K] extends Lookup<infer S>
    ? S
    : L[K] extends readonly Lookup<infer S>[]
      ? readonly S[]
      : L[K] extends Lookup<infer S> | undefined
        ? S | undefined
        : never
}

/** Business days of those who must act; the national holidays come from outside. */
export type Calendar = {
  readonly isHoliday: (date: string) => boolean
}

/** Everything a decision may know besides state and data. Clock, ids and calendar come in here; `decide` calls nothing else. */
export type Context<S = unknown> = Occurrence & {
  /** The id of the thing the command is about. */
  readonly id: string
  readonly actor: Actor
  /** Our clock, ISO instant in UTC. */
  readonly now: string
  readonly seen: S
  readonly calendar: Calendar
  /** A new time-ordered UUID, the same when the command is repeated. */
  newId(): string
}

export type AnyState = { readonly status: string }

/** The members of a state union that may have one of these statuses. */
export type InState<S extends AnyState, From extends S['status']> = S extends AnyState
  ? Extract<S['status'], From> extends never
    ? never
    : S
  : never

export type CommandSpec<
  S extends AnyState = AnyState,
  E extends AnyEvent = AnyEvent,
  Schema extends z.ZodObject = z.ZodObject,
  From extends S['status'] = S['status'],
  Code extends string = string,
  L extends Lookups = Lookups,
> = {
  /** One sentence for the API's reader. */
  readonly summary: string
  /** The states it may start from; `none` creates. Every other state is refused as `illegal-transition`. */
  readonly from: readonly From[]
  readonly by: readonly Role[]
  readonly schema: Schema
  /** Refused with `<lifecycle>/open-items` while the family, or the staff member it is about, has something open. */
  readonly nothingOpen?: 'family' | 'staff'
  readonly emits: readonly E['type'][]
  looksAt?(data: z.output<Schema>, state: InState<S, From>, actor: Actor, id: string): L
  decide(state: InState<S, From>, data: z.output<Schema>, context: Context<Seen<L>>): Decision<E, Code>
}

/** `const command = commandsOn<Referral, ReferralEvent>()`, then one `command({ from, by, schema, emits, decide })` each. */
export const commandsOn =
  <S extends AnyState, E extends AnyEvent>() =>
  <
    Schema extends z.ZodObject,
    const From extends S['status'],
    const Emits extends E['type'],
    const Code extends string = never,
    L extends Lookups = Record<never, never>,
  >(
    spec: Omit<CommandSpec<S, Extract<E, { type: NoInfer<Emits> }>, Schema, From, Code, L>, 'emits'> & {
      readonly emits: readonly Emits[]
    },
  ): CommandSpec<S, Extract<E, { type: Emits }>, Schema, From, Code, L> =>
    spec

/** `[text for people, HTTP status]`; 409 unless said. 403: knows that it exists, but it is not theirs to do. */
export type RefusalText = string | readonly [text: string, status: 400 | 403 | 404 | 409]

export type Lifecycle<S extends AnyState = AnyState, E extends AnyEvent = AnyEvent> = {
  /** camelCase; the category of its streams. */
  readonly name: string
  /** Plural kebab-case, the path segment of the API. */
  readonly collection: string
  readonly titleJa: string
  readonly events: Catalogue
  readonly initial: S
  /** May be begun about a family that the sender has nothing to do with: that is what it is for. */
  readonly opensFamilies?: true
  /** What a program's key must be for; people need none. */
  readonly scope?: string
  readonly refusals: Readonly<Record<string, RefusalText>>
  readonly commands: Readonly<Record<string, CommandSpec>>
  /** Ids are UUIDs unless the lifecycle has readable ones. */
  readonly readableIds?: true
  evolve(state: S, event: E, circumstance: Circumstance): S
  /** The family it is about, once known; `id` is the lifecycle's own. */
  familyOf(state: S, id: string): string | undefined
}

/**
 * A lifecycle: how facts change its state, what may be asked of it, and every reason it can say no.
 * A missing `evolve` line, an undeclared event, state or refusal code does not compile.
 */
export const lifecycleOf =
  <S extends AnyState, E extends AnyEvent>() =>
  <
    const R extends Readonly<Record<string, RefusalText>>,
    const C extends Readonly<Record<string, unknown>>,
  >(definition: {
    readonly name: string
    readonly collection: string
    readonly titleJa: string
    readonly events: Catalogue
    readonly initial: S
    readonly refusals: R
    readonly readableIds?: true
    readonly opensFamilies?: true
    readonly scope?: string
    readonly evolve: {
      readonly [T in E['type']]: (state: S, data: Extract<E, { type: T }>['data'], when: Circumstance) => S
    }
    readonly commands: C & { readonly [K in keyof C]: CommandOf<C[K], keyof R & string> }
    familyOf(state: S, id: string): string | undefined
  }): Lifecycle<S, E> & { readonly commands: C; readonly refusals: R } => {
    const steps = definition.evolve as Record<string, (state: S, data: unknown, when: Circumstance) => S>
    return {
      ...definition,
      // Each command has been checked against its own state and data; from here on they are called by name.
      commands: definition.commands as C & Readonly<Record<string, CommandSpec>>,
      evolve: (state, event, circumstance) => steps[event.type]?.(state, event.data, circumstance) ?? state,
    }
  }

/** Only commands whose refusals the lifecycle declares. */
type CommandOf<Spec, Declared extends string> = Spec extends {
  decide(state: never, data: never, context: never): infer D
}
  ? Extract<D, Refusal>['refused'] extends Declared | never
    ? Spec
    : { readonly undeclaredRefusal: Exclude<Extract<D, Refusal>['refused'], Declared> }
  : never

/** `refuse('consent/already-withdrawn', 'detail')` */
export const refuse = <const Code extends string>(
  refused: Code,
  detail: string,
  pointer?: string,
): Refusal<Code> => ({
  refused,
  detail,
  ...(pointer !== undefined && { pointer }),
})

/** The first policy that refuses wins. */
export const firstRefusal = <Code extends string>(
  ...policies: readonly (Refusal<Code> | undefined)[]
): Refusal<Code> | undefined => policies.find((refusal) => refusal !== undefined)

/** A lifecycle's own state as a fold, for those who only look. */
export const foldOf = <S extends AnyState>({
  name,
  initial,
  evolve,
}: Pick<Lifecycle<S>, 'name' | 'initial' | 'evolve'>): Fold<S> => ({
  category: name,
  initial,
  evolve,
})
