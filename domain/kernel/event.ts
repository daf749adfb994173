import type { z } from 'zod'
import type { DataClass, SupportFunction } from './classes.ts'
import type { Metadata } from './metadata.ts'

export type AnyEvent = { readonly type: string; readonly data: unknown }

/** One step from an older shape of an event's data to the next. Never changes what the event says. */
export type Upcast = (older: Readonly<Record<string, unknown>>) => Record<string, unknown>

export type Text = { readonly ja: string; readonly en: string }

/** Who has to act next on an open item, once this event has happened. Absent: as before. */
export type NextOwner = 'actor' | 'sender' | 'receiver' | 'assignee'

/** What a whole folder of facts has in common. */
export type FactFamily = {
  readonly dataClass: DataClass
  readonly function: SupportFunction
  /** States in which nothing is owed any more. Present: the lifecycle is an open item of its family until then. */
  readonly terminal?: readonly string[]
  /** The stream may get its family later, or another one: what is said in it lies under its own key, which goes with it. */
  readonly changesFamily?: true
}

/** What is peculiar to one fact. */
export type FactOptions<Data> = {
  readonly title: Text
  /** The state the lifecycle is in afterwards (dossier 3.x). Absent: unchanged. */
  readonly state?: string
  readonly owner?: NextOwner
  /** The next date (YYYY-MM-DD) or instant by which somebody has to act; `null`: nothing is due any more. */
  readonly due?: (data: Data) => string | null | undefined
  /** One line for the timeline. Absent: the labels of the coded fields. */
  readonly summary?: (data: Data, language: 'ja' | 'en') => string
  readonly function?: (data: Data) => SupportFunction
  readonly dataClass?: DataClass
  /** Bookkeeping between streams: kept in the log and the audit, not an entry of the family's timeline. */
  readonly bookkeeping?: true
  /** This event replaces the data of the stream's first event (`corrects`) or says that it should never have been (`annuls`). */
  readonly effect?: 'corrects' | 'annuls'
  /** Oldest first. The current schema version is `upcasts.length + 1`, so it cannot drift from them. */
  readonly upcasts?: readonly Upcast[]
}

export type EventSpec<S extends z.ZodObject = z.ZodObject> = FactFamily &
  Omit<FactOptions<never>, 'dataClass' | 'function' | 'due' | 'summary'> & {
    readonly schema: S
    functionOf?(data: z.output<S>): SupportFunction
    due?(data: z.output<S>): string | null | undefined
    summary?(data: z.output<S>, language: 'ja' | 'en'): string
  }

/**
 * `const fact = factsOf({ dataClass: 'visit', function: 'dropInSpace' })` in a lifecycle's `events.ts`, then one line a fact.
 * The zod schema is at once the type, the validation and the persisted contract (golden files in `test/golden`).
 */
export const factsOf =
  (family: FactFamily) =>
  <S extends z.ZodObject>(schema: S, options: FactOptions<z.output<S>>): EventSpec<S> => {
    const { function: functionOf, ...rest } = options
    return { ...family, ...rest, schema, ...(functionOf && { functionOf }) } as EventSpec<S>
  }

export type Catalogue = Readonly<Record<string, EventSpec>>

export type EventOf<C extends Catalogue> = {
  [T in keyof C & string]: { readonly type: T; readonly data: Readonly<z.output<C[T]['schema']>> }
}[keyof C & string]

export const schemaVersionOf = (spec: EventSpec): number => (spec.upcasts?.length ?? 0) + 1

/** What every recorded event carries around its fact. */
export type Envelope = {
  /** UUID, unique in the log, derived from the command. */
  readonly id: string
  readonly stream: StreamName
  /** 1, 2, 3 … within the stream, without gaps. */
  readonly version: number
  /** Rises strictly over the whole log. Ordered and opaque outside the engine. */
  readonly position: bigint
  /** Our clock, ISO 8601 in UTC. */
  readonly recordedAt: string
  readonly metadata: Metadata
}

/** A fact in the log. Narrowing on `type` narrows `data`. */
export type Recorded<E extends AnyEvent = AnyEvent> = E & Envelope

/** `<category>-<id>`; the category has no hyphen, the id no personal data. */
export type StreamName = `${string}-${string}`

export const streamName = (category: string, id: string): StreamName => `${category}-${id}`
export const categoryOf = (stream: StreamName): string => stream.slice(0, stream.indexOf('-'))
export const idIn = (stream: StreamName): string => stream.slice(stream.indexOf('-') + 1)
