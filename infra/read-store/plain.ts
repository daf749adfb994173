/**
 * The row as it will be read back. A row that is still in memory must not differ from one that went through the file, or a
 * fold would depend on where its batches end: no undefined fields, dates, negative zeros.
 */
export const plain = (row: unknown): unknown => (isPlain(row) ? row : JSON.parse(JSON.stringify(row)))

const isPlain = (value: unknown): boolean => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (Array.isArray(value) ? value.every(isPlain) : isPlainObject(value))
    default:
      return false
  }
}

const isPlainObject = (value: object): boolean => {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const key in value) if (!isPlain(value[key as keyof typeof value])) return false
  return true
}
