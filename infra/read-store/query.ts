import type { ColumnValue, Condition, Query } from '#domain/kernel/projection.ts'
import { quoted } from './table.ts'

/** `values` in the order of the question marks. The text depends on the shape of a query only: it can be kept prepared. */
export type Statement = { readonly sql: string; readonly values: readonly ColumnValue[] }

type Direction = 'asc' | 'desc'
type Term = readonly [column: string, direction: Direction]
type Clause = Statement

/** A column of a view by its name; `key` is one, too. What a table does not declare never becomes SQL. */
const columnIn = (columns: readonly string[]) => {
  const known = new Set([...columns, 'key'])
  return (name: string): string => {
    if (!known.has(name)) throw new RangeError(`the view has no column ${JSON.stringify(name)}`)
    return quoted(name)
  }
}

const OPERATORS = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

const equal = (column: string, value: ColumnValue): Clause =>
  value === null ? { sql: `${column} IS NULL`, values: [] } : { sql: `${column} = ?`, values: [value] }

/** One text for lists of any length. */
const oneOf = (column: string, values: readonly ColumnValue[]): Clause => {
  const orNull = values.includes(null) ? ` OR ${column} IS NULL` : ''
  return {
    sql: `(${column} IN (SELECT value FROM json_each(?))${orNull})`,
    values: [JSON.stringify(values.filter((value) => value !== null))],
  }
}

const isList = (condition: Condition): condition is readonly ColumnValue[] => Array.isArray(condition)

const clauses = (column: string, condition: Condition | undefined): readonly Clause[] => {
  if (condition === undefined) throw new RangeError(`no condition for ${column}`)
  if (condition === null || typeof condition !== 'object') return [equal(column, condition)]
  if (isList(condition)) return [oneOf(column, condition)]
  return Object.entries(condition).map(([name, value]) => {
    if (!Object.hasOwn(OPERATORS, name) || value === undefined) throw new RangeError(`no comparison ${name}`)
    return { sql: `${column} ${OPERATORS[name as keyof typeof OPERATORS]} ?`, values: [value] }
  })
}

/**
 * What comes after `value` in this direction, nearest first. NULL sorts before everything: first when ascending, last
 * when descending.
 */
const behind = (column: string, direction: Direction, value: ColumnValue): readonly Clause[] => {
  if (direction === 'asc')
    return value === null
      ? [{ sql: `${column} IS NOT NULL`, values: [] }]
      : [{ sql: `${column} > ?`, values: [value] }]
  return value === null
    ? []
    : [
        { sql: `${column} < ?`, values: [value] },
        { sql: `${column} IS NULL`, values: [] },
      ]
}

/**
 * The rest of an order after a row, as ranges that follow each other: the same first columns and then behind in the last,
 * and so on outwards. Each is a walk along an index; one condition with OR would be a walk over everything before it.
 */
const rangesAfter = (
  terms: readonly Term[],
  after: readonly ColumnValue[],
): readonly (readonly Clause[])[] => {
  if (after.length !== terms.length)
    throw new RangeError('startAfter has one value for each column of orderBy')
  const at = (index: number) => after[index] ?? null
  const ranges = terms.map(([column, direction], index) => {
    const same = terms.slice(0, index).map(([name], i) => equal(name, at(i)))
    return behind(column, direction, at(index)).map((clause) => [...same, clause])
  })
  return ranges.reverse().flat()
}

const where = (conditions: readonly Clause[]): Statement => ({
  sql: conditions.length > 0 ? ` WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}` : '',
  values: conditions.flatMap(({ values }) => values),
})

const conditionsOf = (column: (name: string) => string, query: Pick<Query, 'where'>): readonly Clause[] =>
  Object.entries(query.where ?? {}).flatMap(([name, condition]) => clauses(column(name), condition))

/** Statements to run one after the other until `limit` rows are found. The key decides between equals: never chance. */
export const listStatements = (
  table: string,
  columns: readonly string[],
  query: Query,
): readonly Statement[] => {
  const column = columnIn(columns)
  const conditions = conditionsOf(column, query)
  const terms = (query.orderBy ?? []).map(([name, direction]): Term => {
    if (direction !== 'asc' && direction !== 'desc') throw new RangeError(`no direction ${direction}`)
    return [column(name), direction]
  })
  const byKey: Term = ['"key"', terms.at(-1)?.[1] ?? 'asc']
  const order = [...terms, byKey].map(([name, direction]) => `${name} ${direction.toUpperCase()}`).join(', ')
  const ranges = query.startAfter ? rangesAfter(terms, query.startAfter) : [[]]
  return ranges.map((range) => {
    const { sql, values } = where([...conditions, ...range])
    return { sql: `SELECT body FROM ${table}${sql} ORDER BY ${order} LIMIT ?`, values }
  })
}

export const countStatement = (
  table: string,
  columns: readonly string[],
  query: Pick<Query, 'where'>,
): Statement => {
  const { sql, values } = where(conditionsOf(columnIn(columns), query))
  return { sql: `SELECT count(*) FROM ${table}${sql}`, values }
}
