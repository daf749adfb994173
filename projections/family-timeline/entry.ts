import { catalogue, type RecordedEvent } from '#domain/events.ts'
import type { DataClass, SupportFunction } from '#domain/kernel/classes.ts'
import { categoryOf, type EventSpec, type StreamName } from '#domain/kernel/event.ts'
import type { Actor, Precision } from '#domain/kernel/metadata.ts'
import { wardRoles } from '#domain/kernel/metadata.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { type Link, linksFrom } from './links.ts'

export type Mention = { readonly eventId: string; readonly type: string; readonly position: string }

/** One line of a family's history, as it was known from one position to another. */
export type Entry = {
  readonly familyId: string
  readonly stream: StreamName
  readonly version: number
  readonly position: string
  readonly eventId: string
  readonly type: string
  readonly occurredAt: string
  readonly occurredOn: string
  readonly precision: Precision
  readonly recordedAt: string
  /** Recorded on a later day than it happened. */
  readonly late: boolean
  readonly function: SupportFunction
  readonly kind: string
  readonly dataClass: DataClass
  readonly actor: Actor
  readonly site?: string
  readonly toldBy?: string
  readonly data: Readonly<Record<string, unknown>>
  readonly state?: string
  readonly due?: string
  readonly links: readonly Link[]
  readonly implied?: true
  /** Among the entries that one event implies: which came first. */
  readonly part?: number
  readonly correctedBy?: Mention
  readonly annulled?: Mention
  /** Shown only with `history`: a correction or annulment itself, or an annulled entry. */
  readonly historical?: true
  readonly knownFrom: number
  readonly knownUntil: number
}

/** Still so. */
export const NOW = Number.MAX_SAFE_INTEGER

/** Visits of nobody in particular wait here; a correction may yet give them a family. */
export const NOBODY = ''

export const specOf = (type: string): EventSpec | undefined =>
  (catalogue as Readonly<Record<string, EventSpec>>)[type]

export const entryOf = (event: RecordedEvent, spec: EventSpec): Entry => {
  const { metadata, data, position } = event
  const due = spec.due?.(data)
  const site = 'site' in data && typeof data.site === 'string' ? data.site : metadata.actor.siteId
  return {
    familyId: metadata.familyId ?? NOBODY,
    stream: event.stream,
    version: event.version,
    position: String(position),
    eventId: event.id,
    type: event.type,
    occurredAt: metadata.occurredAt,
    occurredOn: metadata.occurredOn,
    precision: metadata.precision,
    recordedAt: event.recordedAt,
    late: japanDate(event.recordedAt) > metadata.occurredOn,
    function: functionOf(event, spec),
    kind: categoryOf(event.stream),
    // What was put under the council by hand stays there (R-PRI-10).
    dataClass: metadata.dataClass === 'council' ? 'council' : spec.dataClass,
    actor: metadata.actor,
    ...(site !== undefined && { site }),
    ...(metadata.toldBy !== undefined && { toldBy: metadata.toldBy }),
    data,
    ...(spec.state !== undefined && { state: spec.state }),
    ...(due && { due }),
    links: linksFrom(event),
    ...(spec.effect && { historical: true as const }),
    knownFrom: Number(position),
    knownUntil: NOW,
  }
}

/** Whose function it belongs to: the ward's work is the ward's, what the system notes is the system's. */
const functionOf = ({ metadata: { actor }, data }: RecordedEvent, spec: EventSpec): SupportFunction => {
  if (actor.role === 'system') return 'system'
  if (wardRoles.some((role) => role === actor.role)) return 'ward'
  return spec.functionOf?.(data) ?? spec.function
}

/** Sorted by what happened first, then by what was learned first; what an event implies comes before it. */
export const sortKey = ({ occurredAt, position, part }: Entry): string =>
  `${occurredAt}/${position.padStart(20, '0')}${part ?? '~'}`
