import {
  type Catalogue,
  categoryOf,
  type EventSpec,
  type Recorded,
  type StreamName,
} from '#domain/kernel/event.ts'
import {
  elementOf,
  marksOf,
  type Part,
  partMarkOf,
  shapeOf,
  tellsWhereabouts,
} from '#domain/kernel/schema.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { type Beside, correctionsOf } from './corrections.ts'

/** What is not shown, and on what ground: a part everywhere or in one entry, a whole entry, one field of it. */
export type Withholding = {
  readonly part?: Part | undefined
  readonly eventId?: string | undefined
  /** JSON pointer; what lies below it is withheld, too. */
  readonly field?: string | undefined
  /** Of a whole entry: not even that it is there (81条). */
  readonly existence?: true | undefined
  readonly ground: string
}

export type Asking = {
  readonly familyId: string
  /** Whose data it is: what the log says of others is a third party's. */
  readonly personId: string
  /** The organisation that decides; what others hold is asked for there. */
  readonly holder: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly dataClasses?: readonly string[] | undefined
  readonly withhold: readonly Withholding[]
  /** A household under protection: nothing that says where it is or when it comes (R-ACC-2). */
  readonly hidesWhereabouts?: boolean
}

export type Item = {
  /** JSON pointer into the entry's data; `/metadata/…` for what stands around it. */
  readonly path: string
  readonly part: Part
  /** Beside the field: its right value, or a statement. */
  readonly beside?: Beside['kind']
} & ({ readonly value: unknown } | { readonly withheld: string })

export type ExportEntry = {
  readonly eventId: string
  readonly occurredOn: string
  readonly recordedOn: string
} & (
  | {
      readonly kind: string
      readonly title: string
      /** Role and organisation; never who it was. */
      readonly by: { readonly role: string; readonly organization: string }
      readonly items: readonly Item[]
    }
  | { readonly withheld: string }
)

/**
 * What an organisation holds about a person, every field an item of its own, so that each can be shown or withheld (R-PRI-13).
 * `facts` are whole streams in log order. Class `council` leaves no trace: no entry, no number, no code of it (R-PRI-16).
 */
export const exportOf = (
  facts: readonly Recorded[],
  catalogue: Catalogue,
  asking: Asking,
): readonly ExportEntry[] => {
  const beside = correctionsOf(facts)
  const isShown = shownIn(facts, asking)
  return facts
    .flatMap((fact) => {
      const spec = catalogue[fact.type]
      return spec && isShown(fact, spec) ? [{ fact, spec }] : []
    })
    .sort((a, b) => Date.parse(a.fact.metadata.occurredAt) - Date.parse(b.fact.metadata.occurredAt))
    .flatMap(({ fact, spec }) => entryOf(fact, spec, beside.get(fact.id) ?? [], asking))
}

/** Classes no export knows: `council` is the ward's alone; of requests by others in the family nobody is told; the directory is nobody's. */
const NEVER_SHOWN = new Set(['council', 'audit', 'directory'])
/** On these grounds nothing is handed over but to the council and to those who are told of abuse. */
const COUNCIL_BASES = new Set(['abuseReport', 'councilSharing'])
/** Fields that would say whether somebody thought of abuse, or who of the staff it was. */
const NEVER_FIELDS = new Set(['abuseCheck', 'owner', 'assignee', 'heardBy'])
const NEVER_FIELDS_OF: Readonly<Record<string, readonly string[]>> = {
  NoticeSharedInTeam: ['decision', 'sharedWithSites'],
}
const shownIn = (facts: readonly Recorded[], asking: Asking) => {
  const { familyId, personId, holder, from, to, dataClasses, hidesWhereabouts } = asking
  const streams = byStream(facts)
  return (fact: Recorded, spec: EventSpec): boolean => {
    const { stream, type, metadata } = fact
    const whole = streams.get(stream) ?? []
    if (NEVER_SHOWN.has(spec.dataClass) || NEVER_SHOWN.has(metadata.dataClass) || spec.bookkeeping)
      return false
    if (metadata.familyId !== familyId || isOfAnotherFamily(whole, familyId)) return false
    if (whole.some((one) => COUNCIL_BASES.has(one.metadata.legalBasis ?? ''))) return false
    if (isOnlyOfOthers(categoryOf(stream) === 'family' ? [fact] : whole, personId)) return false
    if (holderOf(metadata.actor.organizationId, whole) !== holder) return false
    if (hidesWhereabouts && (spec.dataClass === 'visit' || type === 'FamilyMoved')) return false
    const { occurredOn } = metadata
    if ((from !== undefined && occurredOn < from) || (to !== undefined && occurredOn > to)) return false
    return dataClasses === undefined || dataClasses.includes(spec.dataClass)
  }
}

const byStream = (facts: readonly Recorded[]): ReadonlyMap<string, readonly Recorded[]> => {
  const streams = new Map<string, Recorded[]>()
  for (const fact of facts) {
    const stream = streams.get(fact.stream)
    if (stream) stream.push(fact)
    else streams.set(fact.stream, [fact])
  }
  return streams
}

/** Recorded to the wrong family and put right since: it is another family's, and not for these eyes. */
const isOfAnotherFamily = (stream: readonly Recorded[], familyId: string): boolean =>
  stream.at(-1)?.metadata.familyId !== familyId ||
  stream.some(({ data }) => (data as { reason?: unknown }).reason === 'wrongFamily')

/** Says whom it is about, and never the one whose data was asked for: the other parent's talks are not theirs (R-ACC-6). */
const isOnlyOfOthers = (facts: readonly Recorded[], subject: string): boolean => {
  const named = facts.flatMap(({ data }) => {
    const { people, aboutPerson, person } = data as Readonly<Record<string, unknown>>
    return [...(Array.isArray(people) ? people : []), aboutPerson, person].filter((id) => id !== undefined)
  })
  return named.length > 0 && !named.includes(subject)
}

/** What the system notes is held by whoever began the stream. */
const holderOf = (organization: string, stream: readonly Recorded[]): string | undefined =>
  organization === 'system' ? stream[0]?.metadata.actor.organizationId : organization

const entryOf = (
  fact: Recorded,
  spec: EventSpec,
  beside: readonly Beside[],
  asking: Asking,
): readonly ExportEntry[] => {
  const { metadata } = fact
  const dated = {
    eventId: fact.id,
    occurredOn: metadata.occurredOn,
    recordedOn: japanDate(fact.recordedAt),
  }
  const whole = asking.withhold.filter(
    ({ eventId, field, part }) => eventId === fact.id && field === undefined && part === undefined,
  )
  if (whole.some(({ existence }) => existence)) return []
  if (whole[0]) return [{ ...dated, withheld: whole[0].ground }]
  const fields = [...leavesOf(fact, spec, asking), ...around(fact)]
  const items = [...fields, ...notesOn(fields, beside, asking)]
  return [
    {
      ...dated,
      kind: categoryOf(fact.stream as StreamName),
      title: spec.title.ja,
      by: { role: metadata.actor.role, organization: metadata.actor.organizationId },
      items: items.map((item) => sifted(item, fact.id, asking.withhold)),
    },
  ]
}

/** The part of one field of a fact, as its schema has it; undefined where no export would ever have such a field. */
export const partAt = (
  { type, data, metadata }: Recorded,
  catalogue: Catalogue,
  field: string,
): Part | undefined => {
  const spec = catalogue[type]
  if (!spec || NEVER_SHOWN.has(spec.dataClass) || NEVER_SHOWN.has(metadata.dataClass)) return undefined
  const never = new Set([...NEVER_FIELDS, ...(NEVER_FIELDS_OF[type] ?? [])])
  return walk(spec.schema, data, '', undefined, { never, personId: '' }).find(
    ({ path }) => path === field || path.startsWith(`${field}/`),
  )?.part
}

type Leaf = {
  readonly path: string
  readonly part: Part
  readonly value: unknown
  readonly beside?: Beside['kind']
}

const leavesOf = ({ type, data }: Recorded, spec: EventSpec, asking: Asking): readonly Leaf[] => {
  const never = new Set([...NEVER_FIELDS, ...(NEVER_FIELDS_OF[type] ?? [])])
  const { personId, hidesWhereabouts = false } = asking
  return walk(spec.schema, data, '', undefined, { never, personId, hidesWhereabouts })
}

type Walk = {
  readonly never: ReadonlySet<string>
  readonly personId: string
  readonly hidesWhereabouts?: boolean
}
type Schema = Parameters<typeof partMarkOf>[0]

/** Every single value with its part. Inside something about another person, everything is a third party's; how to reach them is left out. */
const walk = (
  schema: Schema,
  value: unknown,
  path: string,
  above: Part | undefined,
  around: Walk,
): readonly Leaf[] => {
  if (value === undefined || value === null) return []
  if (around.hidesWhereabouts && tellsWhereabouts(schema)) return []
  const own = above === 'thirdParty' ? above : (partMarkOf(schema) ?? above)
  const element = elementOf(schema)
  if (element && Array.isArray(value))
    return value.flatMap((one, i) => walk(element, one, `${path}/${i}`, own, around))
  const shape = shapeOf(schema)
  if (!shape || typeof value !== 'object')
    return [{ path, part: own ?? partOfId(schema, value, around.personId), value }]
  const fields = value as Readonly<Record<string, unknown>>
  const isAnother = isAboutAnother(fields, around.personId)
  const inside = isAnother ? 'thirdParty' : own
  return Object.entries(shape).flatMap(([name, field]) =>
    around.never.has(name) || (isAnother && name === 'contact')
      ? []
      : walk(field, fields[name], `${path}/${name}`, inside, around),
  )
}

const isAboutAnother = (
  { personId, person, aboutPerson }: Readonly<Record<string, unknown>>,
  subject: string,
): boolean => {
  const who = personId ?? person ?? aboutPerson
  return who !== undefined && who !== subject
}

/** Ids say by themselves what they point to. */
const partOfId = (schema: Schema, value: unknown, subject: string): Part => {
  const { refersTo } = marksOf(schema)
  if (refersTo === 'organization') return 'organisationName'
  return refersTo === 'person' && value !== subject ? 'thirdParty' : 'fact'
}

/** What stands around a fact: who had told it, and why it was written down late. */
const around = ({ metadata: { toldBy, lateReason } }: Recorded): readonly Leaf[] => [
  ...(toldBy === undefined ? [] : [{ path: '/metadata/toldBy', part: 'source', value: toldBy } as const]),
  ...(lateReason === undefined
    ? []
    : [{ path: '/metadata/lateReason', part: 'assessment', value: lateReason } as const]),
]

/** A corrected value is of its field's part; a statement is its speaker's. What has no field here has no note either. */
const notesOn = (fields: readonly Leaf[], beside: readonly Beside[], { personId }: Asking): readonly Leaf[] =>
  beside.flatMap(({ kind, field, value, personId: speaker }) => {
    const about = fields.find(({ path }) => path === field || path.startsWith(`${field}/`))
    if (!about) return []
    const isTheirs = kind === 'corrected' || speaker === personId
    return [{ path: field, part: isTheirs ? about.part : 'thirdParty', value, beside: kind }]
  })

/** The item with its value, or with the ground on which it is withheld. */
const sifted = ({ value, ...item }: Leaf, eventId: string, withhold: readonly Withholding[]): Item => {
  const held = withhold.find(
    (one) =>
      (one.eventId === undefined || one.eventId === eventId) &&
      (one.part !== undefined || one.field !== undefined) &&
      (one.part === undefined || one.part === item.part) &&
      (one.field === undefined || item.path === one.field || item.path.startsWith(`${one.field}/`)),
  )
  return held ? { ...item, withheld: held.ground } : { ...item, value }
}
