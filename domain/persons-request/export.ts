import {
  type Catalogue,
  categoryOf,
  type EventSpec,
  type Recorded,
  type StreamName,
} from '#domain/kernel/event.ts'
import {
  baseCode,
  elementOf,
  marksOf,
  type Part,
  partMarkOf,
  shapeOf,
  tellsWhereabouts,
} from '#domain/kernel/schema.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { type Beside, correctionsOf } from './corrections.ts'
import { classAt } from './field-class.ts'
import { type Data, isOnlyOfOthers, listOf, type Streams } from './people-of.ts'

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
  /** The position of the decision: on what was written down after it nobody has decided. */
  readonly until?: bigint | undefined
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
  const { until } = asking
  const known = until === undefined ? facts : facts.filter(({ position }) => position < until)
  const beside = correctionsOf(known)
  const streams = byStream(known)
  const isTheirs = theirsIn(streams, byStream(facts), asking)
  const theirs = known.flatMap((fact) => {
    const spec = catalogue[fact.type]
    return spec && isTheirs(fact, spec) ? [{ fact, spec }] : []
  })
  const untold = streamsWithout(theirs, streams)
  return theirs
    .filter(({ fact: { metadata } }) => isWithin(asking, metadata.occurredOn))
    .sort((a, b) => Date.parse(a.fact.metadata.occurredAt) - Date.parse(b.fact.metadata.occurredAt))
    .flatMap(({ fact, spec }) => entryOf(fact, spec, beside.get(fact.id) ?? [], asking, untold))
}

const isWithin = ({ from, to }: Pick<Asking, 'from' | 'to'>, day: string): boolean =>
  (from === undefined || day >= from) && (to === undefined || day <= to)

/** Classes no export knows: `council` is the ward's alone; of requests by others in the family nobody is told; the directory is nobody's. */
const NEVER_SHOWN = new Set(['council', 'audit', 'directory'])
/** On these grounds nothing is handed over but to the council and to those who are told of abuse. */
const COUNCIL_BASES = new Set(['abuseReport', 'councilSharing'])
/** Fields that would say whether somebody thought of abuse, or who of the staff it was. */
const NEVER_FIELDS = new Set(['abuseCheck', 'owner', 'assignee', 'heardBy'])
/** Codes that would say that somebody is in hiding, or that abuse was spoken of. */
const NEVER_CODES = new Set(['dvProtection', 'abuseWorry', ...COUNCIL_BASES])
const NEVER_FIELDS_OF: Readonly<Record<string, readonly string[]>> = {
  NoticeSharedInTeam: ['decision', 'sharedWithSites'],
}
/** What was known counts; but what has turned out to be another family's since is not handed to this one. */
const theirsIn = (known: Streams, today: Streams, asking: Asking) => {
  const { familyId, personId, holder, withhold, hidesWhereabouts } = asking
  const unsaid = new Set(
    withhold.flatMap(({ eventId, existence }) => (existence && eventId ? [eventId] : [])),
  )
  return ({ id, stream, type, metadata }: Recorded, spec: EventSpec): boolean => {
    const whole = known.get(stream) ?? []
    if (NEVER_SHOWN.has(spec.dataClass) || NEVER_SHOWN.has(metadata.dataClass) || spec.bookkeeping)
      return false
    if (metadata.familyId !== familyId || isOfAnotherFamily(today.get(stream) ?? [], familyId)) return false
    if (whole.some((one) => COUNCIL_BASES.has(one.metadata.legalBasis ?? ''))) return false
    const about = categoryOf(stream) === 'family' ? whole.filter((one) => one.id === id) : whole
    if (isOnlyOfOthers(about, personId, known)) return false
    if (holderOf(metadata.actor.organizationId, whole) !== holder) return false
    if (hidesWhereabouts && (spec.dataClass === 'visit' || type === 'FamilyMoved')) return false
    return !unsaid.has(id)
  }
}

/** Streams of which nothing may be told: whoever names one of them says that it is there. */
const streamsWithout = (
  theirs: readonly { readonly fact: Recorded }[],
  streams: Streams,
): ReadonlySet<string> => {
  const told = new Set<string>(theirs.map(({ fact }) => fact.stream))
  return new Set([...streams.keys()].filter((one) => !told.has(one) && !one.startsWith('family-')))
}

const byStream = (facts: readonly Recorded[]): Streams => {
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

/** What the system notes is held by whoever began the stream. */
const holderOf = (organization: string, stream: readonly Recorded[]): string | undefined =>
  organization === 'system' ? stream[0]?.metadata.actor.organizationId : organization

const entryOf = (
  fact: Recorded,
  spec: EventSpec,
  beside: readonly Beside[],
  asking: Asking,
  untold: ReadonlySet<string>,
): readonly ExportEntry[] => {
  const { metadata } = fact
  const isAsked = (dataClass: string) => asking.dataClasses?.includes(dataClass) ?? true
  const fields = [...leavesOf(fact, spec, asking, untold), ...around(fact)].filter(({ path }) =>
    isAsked(classAt(spec, path)),
  )
  if (fields.length === 0 && !isAsked(spec.dataClass)) return []
  const dated = {
    eventId: fact.id,
    occurredOn: metadata.occurredOn,
    recordedOn: japanDate(fact.recordedAt),
  }
  const whole = asking.withhold.filter(
    ({ eventId, field, part }) => eventId === fact.id && field === undefined && part === undefined,
  )
  if (whole[0]) return [{ ...dated, withheld: whole[0].ground }]
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

type Leaf = {
  readonly path: string
  readonly part: Part
  readonly value: unknown
  readonly beside?: Beside['kind']
}

const leavesOf = (
  { type, data }: Recorded,
  spec: EventSpec,
  asking: Asking,
  untold: ReadonlySet<string>,
): readonly Leaf[] => {
  const never = new Set([...NEVER_FIELDS, ...(NEVER_FIELDS_OF[type] ?? [])])
  const { personId, hidesWhereabouts = false } = asking
  return walk(spec.schema, data, '', undefined, { never, untold, personId, hidesWhereabouts })
}

type Walk = {
  readonly never: ReadonlySet<string>
  readonly untold: ReadonlySet<string>
  readonly personId: string
  readonly hidesWhereabouts?: boolean
}
type Schema = Parameters<typeof partMarkOf>[0]

/** A code or a reference that says by itself what may not be said, or who of the staff it was. */
const isUnsayable = (schema: Schema, value: unknown, { untold }: Walk): boolean => {
  const { codes, refersTo, sensitive } = marksOf(schema)
  if (refersTo === 'staff' || sensitive?.subject === 'staff') return true
  if (codes !== undefined && typeof value === 'string') return NEVER_CODES.has(baseCode(value))
  return refersTo !== undefined && untold.has(`${refersTo}-${value}`)
}

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
  // A list goes as a whole: a gap in its numbers would say that something is missing.
  if (element && Array.isArray(value))
    return value.some((one) => isUnsayable(element, one, around))
      ? []
      : value.flatMap((one, i) => walk(element, one, `${path}/${i}`, own, around))
  const shape = shapeOf(schema)
  if (!shape || typeof value !== 'object')
    return isUnsayable(schema, value, around)
      ? []
      : [{ path, part: own ?? partOfId(schema, value, around.personId), value }]
  const fields = value as Data
  const isAnother = isAboutAnother(fields, around.personId)
  return Object.entries(shape).flatMap(([name, field]) => {
    if (around.never.has(name) || (isAnother && name === 'contact')) return []
    const isOthers = isAnother || isOfAnother(name, field, fields, around.personId)
    return walk(field, fields[name], `${path}/${name}`, isOthers ? 'thirdParty' : own, around)
  })
}

/** Whoever has a name and no id is not known to be the one who asks. */
const isAboutAnother = ({ personId, person, aboutPerson, name }: Data, subject: string): boolean => {
  const who = personId ?? person ?? aboutPerson ?? name
  return who !== undefined && who !== subject
}

/** Inside a fact about many: what another has said for them, and the health of the children it names. */
const isOfAnother = (name: string, field: Schema, { givenBy, children }: Data, subject: string): boolean => {
  if (name === 'words') return givenBy !== undefined && givenBy !== subject
  const isHealth = marksOf(field).sensitive?.dataClass === 'health'
  return isHealth && listOf(children).length > 0 && !listOf(children).includes(subject)
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
    const about = fields.find(({ path }) => isIn(path, field))
    if (!about) return []
    const isTheirs = kind === 'corrected' || speaker === personId
    return [{ path: field, part: isTheirs ? about.part : 'thirdParty', value, beside: kind }]
  })

/** The item with its value, or with the ground on which it is withheld. What stands beside a whole may say what is withheld in it. */
const sifted = ({ value, ...item }: Leaf, eventId: string, withhold: readonly Withholding[]): Item => {
  const held = withhold.find(
    (one) =>
      (one.eventId === undefined || one.eventId === eventId) &&
      (one.part !== undefined || one.field !== undefined) &&
      (one.part === undefined || one.part === item.part) &&
      (one.field === undefined || isIn(item.path, one.field) || (item.beside && isIn(one.field, item.path))),
  )
  return held ? { ...item, withheld: held.ground } : { ...item, value }
}

const isIn = (path: string, field: string): boolean => path === field || path.startsWith(`${field}/`)
