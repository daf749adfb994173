import type { z } from 'zod'
import { elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'

const MASK = '■'

/** The same data with every field that its schema marks as sensitive replaced; what the schema does not know is left out. */
export const masked = (data: unknown, schema: z.core.$ZodType): unknown => {
  if (data === undefined || data === null) return data
  if (marksOf(schema).sensitive) return MASK
  const element = elementOf(schema)
  if (element && Array.isArray(data)) return data.map((item) => masked(item, element))
  const shape = shapeOf(schema)
  if (!shape || typeof data !== 'object') return data
  const fields = data as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(shape).flatMap(([name, field]) =>
      name in fields ? [[name, masked(fields[name], field)]] : [],
    ),
  )
}
