import { z } from 'zod'
import type { DataClass } from '#domain/kernel/classes.ts'
import type { EventSpec } from '#domain/kernel/event.ts'
import { elementOf, marksOf, shapeOf, tellsWhereabouts } from '#domain/kernel/schema.ts'
import { specOf } from '#projections/family-timeline/entry.ts'

/** What stands where a text is that this reader may know of, but not read. */
export const MASK = '■'

/** The data without what is sensitive and not to be shown; `■` where only that it is there may be known. */
export const trimmed = (
  data: unknown,
  schema: z.core.$ZodType,
  dataClass: DataClass,
  isShown: (dataClass: DataClass, personId: string | undefined) => boolean,
  field: string,
  redacted: string[],
  personId?: string,
): unknown => {
  if (data === undefined || data === null) return data
  const { sensitive } = marksOf(schema)
  if (sensitive) {
    if (isShown(sensitive.dataClass ?? dataClass, personId)) return data
    redacted.push(field)
    return MASK
  }
  const element = elementOf(schema)
  if (element && Array.isArray(data))
    return data.map((item) => trimmed(item, element, dataClass, isShown, field, redacted, personId))
  const shape = shapeOf(schema)
  if (!shape || typeof data !== 'object') return data
  const fields = data as Readonly<Record<string, unknown>>
  const person = typeof fields.personId === 'string' ? fields.personId : personId
  const kept: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(shape))
    if (name in fields)
      kept[name] = trimmed(fields[name], inner, dataClass, isShown, `${field}/${name}`, redacted, person)
  return kept
}

/** A consent's scope as one of its recipients learns it: not who else it names, and nothing once it is not among them (R-PRI-6). */
export const forRecipient = (
  scope: Readonly<Record<string, unknown>>,
  organizationId: string,
): Readonly<Record<string, unknown>> => {
  const { recipients } = scope
  if (!Array.isArray(recipients)) return scope
  return recipients.includes(organizationId)
    ? { ...scope, recipients: [organizationId] }
    : { ...scope, recipients: [], dataClasses: [], people: [] }
}

/** The same with nothing that says where somebody is, or at what hour (R-ACC-2); `■` where something stood. */
export const withoutPlaces = (data: unknown, schema: z.core.$ZodType): unknown => {
  if (data === undefined || data === null) return data
  const element = elementOf(schema)
  if (tellsWhereabouts(element ?? schema)) return element ? [] : MASK
  if (element && Array.isArray(data)) return data.map((item) => withoutPlaces(item, element))
  const shape = shapeOf(schema)
  if (!shape || typeof data !== 'object') return data
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      shape[name] ? withoutPlaces(value, shape[name]) : value,
    ]),
  )
}

/** The same with every sensitive text masked, whoever asks. */
export const masked = (data: unknown, schema: z.core.$ZodType): unknown =>
  trimmed(data, schema, 'audit', () => false, '', [])

/** Top-level fields of a fact that name persons. */
export const personFields = (type: string): readonly string[] => {
  const known = namingPersons.get(type)
  if (known) return known
  const found = Object.entries(shapeOf(specOf(type)?.schema ?? z.object({})) ?? {}).flatMap(
    ([name, field]) => {
      const element = elementOf(field)
      return [marksOf(field), element && marksOf(element)].some((marks) => marks?.refersTo === 'person')
        ? [name]
        : []
    },
  )
  namingPersons.set(type, found)
  return found
}
const namingPersons = new Map<string, readonly string[]>()

/** Whether some field of this fact is of another class than the fact; asked for every entry, so remembered. */
export const holdsOtherClasses = (spec: EventSpec): boolean => {
  const known = others.get(spec)
  if (known !== undefined) return known
  const differs = (schema: z.core.$ZodType): boolean => {
    const { sensitive } = marksOf(schema)
    if (sensitive) return (sensitive.dataClass ?? spec.dataClass) !== spec.dataClass
    const element = elementOf(schema)
    return element ? differs(element) : Object.values(shapeOf(schema) ?? {}).some(differs)
  }
  const found = differs(spec.schema)
  others.set(spec, found)
  return found
}
const others = new WeakMap<EventSpec, boolean>()

/** Whether parts of this fact are about one person each, such as the members of a registration. */
export const holdsPersons = (spec: EventSpec): boolean => {
  const known = ofPersons.get(spec)
  if (known !== undefined) return known
  const names = (schema: z.core.$ZodType): boolean => {
    const element = elementOf(schema)
    const shape = shapeOf(schema) ?? {}
    return element ? names(element) : 'personId' in shape || Object.values(shape).some(names)
  }
  const found = names(spec.schema)
  ofPersons.set(spec, found)
  return found
}
const ofPersons = new WeakMap<EventSpec, boolean>()
