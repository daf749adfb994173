import { z } from 'zod'
import type { DataClass } from './classes.ts'

/** What a schema is, beyond its type: read by the timeline (links), the labels (codes), the masks and the keys (sensitive). */
type Marks = {
  readonly refersTo?: string
  readonly codes?: CodeList
  readonly sensitive?: Sensitive
}

/** Whose matter a personal value is, and of which class. What is not said is the family's, and of its event's class. */
export type Sensitive = {
  /** `person`: of whom the object that holds it names in `personId`; a family's where it names nobody. */
  readonly subject: 'family' | 'person' | 'staff'
  readonly dataClass?: DataClass
}

const marks = z.registry<Marks>()

export type Label = { readonly ja: string; readonly en?: string }
export type CodeList = { readonly name: string; readonly labels: Readonly<Record<string, Label>> }

/** An id of one lifecycle: a UUID that the client chooses, branded so that two kinds cannot be swapped. */
export const idOf = <const C extends string>(category: C) =>
  z.guid().toLowerCase().register(marks, { refersTo: category }).brand<C>()

/** An id that people read, such as `ORG-141097-W` or `SITE-141097-1`. */
export const readableIdOf = <const C extends string>(category: C) =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{2,63}$/)
    .register(marks, { refersTo: category })
    .brand<C>()

/** A code of a list; a hub's own sub-code `base/local` rolls up to its base (dossier 2.10). */
export const codeOf = (list: CodeList) =>
  z
    .string()
    .max(80)
    .refine((code) => Object.hasOwn(list.labels, code) || isSubCode(list, code), {
      message: `not a code of ${list.name}`,
      params: { code: 'unknown_code' },
    })
    .meta({
      examples: Object.keys(list.labels),
      description: `Code of \`${list.name}\`, or a hub's own \`base/local\`.`,
    })
    .register(marks, { codes: list })

const SUB_CODE = /^[A-Za-z0-9]+\/[A-Za-z0-9]{1,40}$/
const isSubCode = ({ labels }: CodeList, code: string): boolean =>
  SUB_CODE.test(code) && Object.hasOwn(labels, baseCode(code))
export const baseCode = (code: string): string => {
  const end = code.indexOf('/')
  return end < 0 ? code : code.slice(0, end)
}

/** A personal text: under its owner's key wherever it is kept, never in logs, masked for auditors (dossier 4.6, 4.8). */
export const sensitive = <S extends z.ZodType<string>>(schema: S, mark: Sensitive = FAMILYS): S => {
  // A fresh instance, so that a shared schema is not marked everywhere.
  const own = schema.clone() as S
  marks.add(own, { sensitive: mark })
  return own
}
const FAMILYS: Sensitive = { subject: 'family' }

/** Free text, trimmed, of at most `max` characters. Personal unless proven otherwise. */
export const text = (max = 2_000, mark?: Sensitive) =>
  sensitive(z.string().trim().min(1).max(max).refine(isWellFormed, 'not well-formed text'), mark)

/** A short word that is not personal: a place, a title, a name of an institution. */
export const plainText = (max = 200) =>
  z.string().trim().min(1).max(max).refine(isWellFormed, 'not well-formed text')

function isWellFormed(value: string): boolean {
  // Lone surrogates cannot be stored as UTF-8; control characters other than line breaks and tabs have no place in a record.
  return !LONE_SURROGATE.test(value) && !CONTROL.test(value)
}
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

const whereMarks = z.registry<{ readonly where: true }>()

/** Says where somebody is, where they go, or at what hour: kept from all but the assigned of a household in hiding (R-ACC-2). All other marks stay. */
export const whereabouts = <S extends z.ZodType>(schema: S): S => {
  const own = schema.clone() as S
  whereMarks.add(own, { where: true })
  return own
}

const PLACES: ReadonlySet<string> = new Set(['organization', 'site', 'visit'])

/** Organisations, sites, visits and ways to reach somebody say it by themselves; so do hours. */
export const tellsWhereabouts = (schema: z.core.$ZodType): boolean => {
  const { refersTo, sensitive: mark } = marksOf(schema)
  if (refersTo !== undefined && PLACES.has(refersTo)) return true
  return mark?.dataClass === 'contact' || isWhereMarked(schema)
}
const isWhereMarked = (schema: z.core.$ZodType): boolean => {
  const inner = (schema as { _zod: { def: { innerType?: z.core.$ZodType } } })._zod.def.innerType
  return whereMarks.get(schema as z.ZodType) !== undefined || (inner !== undefined && isWhereMarked(inner))
}

export const date = () => z.iso.date().refine((d) => d >= '1900-01-01' && d <= '2200-12-31', 'out of range')
/** With an offset or `Z`, seconds optional: `2022-03-10T09:30+09:00`. */
export const instant = () => dateTime(false)
/** As `instant`; without an offset it is the clock in Japan. Kept as an ISO instant in UTC. */
export const japanInstant = () =>
  dateTime(true)
    .overwrite((i) => (HAS_OFFSET.test(i) ? i : `${i}+09:00`))
    .overwrite((i) => new Date(i).toISOString())
const HAS_OFFSET = /(Z|[+-]\d\d:\d\d)$/

/** zod's own pattern wants seconds wherever there is an offset; people write `09:30+09:00`. */
const dateTime = (local: boolean) => {
  const toTheSecond = z.core.regexes.datetime({ offset: true, local })
  const toTheMinute = z.core.regexes.datetime({ offset: true, local, precision: -1 })
  const schema = z
    .string()
    .regex(new RegExp(`${toTheSecond.source}|${toTheMinute.source}`), {
      message: 'not an instant',
      abort: true,
    })
    .refine((i) => i >= '1900' && i < '2201', 'out of range')
    .meta({ format: 'date-time' })
  return whereabouts(schema)
}
export const clockTime = () => whereabouts(z.iso.time({ precision: -1 }))

/** Removes wrappers (optional, nullable, default, readonly …) down to the schema that was marked. */
const unwrap = (schema: z.core.$ZodType): z.core.$ZodType => {
  const inner = (schema as { _zod: { def: { innerType?: z.core.$ZodType } } })._zod.def.innerType
  return inner && !marks.has(schema as z.ZodType) ? unwrap(inner) : schema
}

/** Asked of every field of every fact that is sealed or shown: what the registry puts together each time is kept. */
export const marksOf = (schema: z.core.$ZodType): Marks => {
  const known = marksKept.get(schema)
  if (known) return known
  const found = marks.get(unwrap(schema) as z.ZodType) ?? {}
  marksKept.set(schema, found)
  return found
}
const marksKept = new WeakMap<z.core.$ZodType, Marks>()

export const elementOf = (schema: z.core.$ZodType): z.core.$ZodType | undefined =>
  (unwrap(schema) as { _zod: { def: { element?: z.core.$ZodType } } })._zod.def.element

export const shapeOf = (schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined =>
  (unwrap(schema) as { _zod: { def: { shape?: Record<string, z.core.$ZodType> } } })._zod.def.shape

/** In a disclosure to the person each part can be withheld by itself (dossier 4.7, R-PRI-13); what has no mark is a fact. */
export const parts = ['fact', 'impression', 'source', 'thirdParty', 'organisationName', 'assessment'] as const
export type Part = (typeof parts)[number]

const partMarks = z.registry<{ readonly part: Part }>()

/** `partOf('impression')(text().optional())`: what a field is to the person it is about. All other marks stay. */
export const partOf =
  (part: Exclude<Part, 'fact'>) =>
  <S extends z.ZodType>(schema: S): S => {
    // A fresh instance, so that a shared schema is not marked everywhere; registries find what was said of its parent.
    const own = schema.clone() as S
    partMarks.add(own, { part })
    return own
  }

export const partMarkOf = (schema: z.core.$ZodType): Part | undefined => {
  const part = partMarks.get(schema as z.ZodType)?.part
  const inner = (schema as { _zod: { def: { innerType?: z.core.$ZodType } } })._zod.def.innerType
  return part ?? (inner && partMarkOf(inner))
}
