import type { DataClass } from '#domain/kernel/classes.ts'
import type { EventSpec } from '#domain/kernel/event.ts'
import { elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'

/** The class of one field of a fact, which may be another than the fact's: the phone in a registration is `contact`. */
export const classAt = (
  { schema, dataClass }: Pick<EventSpec, 'schema' | 'dataClass'>,
  field: string,
): DataClass => classBelow(schema, field.split('/').slice(1)) ?? dataClass

type Schema = Parameters<typeof marksOf>[0]

const classBelow = (schema: Schema, [name, ...rest]: readonly string[]): DataClass | undefined => {
  const inner = name === undefined ? undefined : (elementOf(schema) ?? shapeOf(schema)?.[name])
  return inner ? classBelow(inner, rest) : marksOf(schema).sensitive?.dataClass
}
