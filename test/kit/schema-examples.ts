/** JSON Schema as the OpenAPI document has it, as far as its examples need it. */
export type JsonSchema = {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly pattern?: string
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly minItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly description?: string
}

const byFormat: Readonly<Record<string, string>> = {
  uuid: '0190a1b2-0000-7000-8000-000000000001',
  date: '2022-03-10',
  'date-time': '2022-03-10T10:30:00+09:00',
  time: '10:30',
  email: 'someone@example.jp',
}

/** A value that the schema describes; of an object all fields, or only those it needs and the ones named. */
export const exampleOf = (schema: JsonSchema, fields: 'all' | readonly string[] = 'all'): unknown => {
  if (schema.const !== undefined) return schema.const
  if (schema.examples) return schema.examples[0]
  if (schema.enum) return schema.enum[0]
  if (schema.anyOf?.[0]) return exampleOf(schema.anyOf[0])
  const [type] = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => fields === 'all' || schema.required?.includes(name) || fields.includes(name))
          .map(([name, field]) => [name, exampleOf(field)]),
      )
    case 'array':
      return schema.items ? [exampleOf(schema.items)] : []
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return (
        (schema.format && byFormat[schema.format]) ??
        (schema.pattern ? 'ORG-141097-W' : 'ことば'.padEnd(schema.minLength ?? 0, 'x'))
      )
  }
}

/** Bodies from the shortest to the longest: schemas that ask for one of two fields accept some and refuse others. */
export const examplesOf = (schema: JsonSchema): readonly unknown[] => {
  const optional = Object.keys(schema.properties ?? {}).filter((name) => !schema.required?.includes(name))
  return [exampleOf(schema), exampleOf(schema, []), ...optional.map((name) => exampleOf(schema, [name]))]
}
