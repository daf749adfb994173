import type { Recorded } from '#domain/kernel/event.ts'
import type { ColumnValue, Projection, Rows, Secrets } from '#domain/kernel/projection.ts'
import { plain } from './plain.ts'
import type { Generation } from './registry.ts'
import type { rowStatements } from './table.ts'

/** `row` undefined: known not to be there. `columns` undefined: as in the file. */
type Cached = { readonly row: unknown; readonly columns?: readonly ColumnValue[] }

/**
 * A projection at work on one generation. Between two commits every row is read once and written once, however many events
 * touch it: that is what makes a rebuild fast.
 */
export const openFold = (
  of: Projection,
  generation: Generation,
  statements: ReturnType<typeof rowStatements>,
  secrets: Secrets,
) => {
  const cache = new Map<string, Cached>()
  const valuesOf = columnValues(of)
  const undo: [key: string, before: Cached | undefined][] = []
  let committed = generation.position
  let position = committed

  const set = (key: string, cached: Cached) => {
    undo.push([key, cache.get(key)])
    cache.set(key, cached)
  }
  const rows: Rows<unknown> = {
    get(key) {
      const cached = cache.get(key)
      if (cached) return cached.row
      const row = statements.read(key)
      cache.set(key, { row })
      return row
    },
    put(key, row) {
      const kept = plain(row)
      set(key, { row: kept, columns: valuesOf(kept) })
    },
    delete: (key) => set(key, { row: undefined, columns: [] }),
  }
  const takeBack = () => {
    for (const [key, before] of undo.reverse()) {
      if (before) cache.set(key, before)
      else cache.delete(key)
    }
  }

  return {
    of,
    generation,
    /** Everything up to here is folded. */
    position: () => position,
    /** Everything up to here is in the file. */
    committed: () => committed,
    /** All of it or, when `apply` throws, nothing. */
    apply(event: Recorded) {
      try {
        of.apply(event, rows, secrets)
        position = event.position
      } catch (error) {
        takeBack()
        throw error
      } finally {
        undo.length = 0
      }
    },
    /** Inside the transaction; in key order, so that neighbours in the file are written together. */
    write() {
      const changed = [...cache].flatMap(([key, { columns }]) => (columns ? [key] : []))
      for (const key of changed.sort()) {
        const { row, columns = [] } = cache.get(key) ?? { row: undefined }
        if (row === undefined) statements.remove(key)
        else statements.write(key, columns, JSON.stringify(row))
      }
    },
    /** After the transaction. */
    settle() {
      committed = position
      cache.clear()
    },
  }
}

export type Fold = ReturnType<typeof openFold>

/** Checked here, where a wrong value still has an event and a projection to blame. */
const columnValues = ({ name, columns }: Projection): ((row: unknown) => readonly ColumnValue[]) => {
  const entries = Object.entries(columns)
  const columnValue = ([column, { type, of }]: (typeof entries)[number], row: unknown): ColumnValue => {
    const value = of(row)
    const fits = type === 'text' ? typeof value === 'string' : Number.isSafeInteger(value)
    if (value !== null && !fits) throw new TypeError(`${name}: column ${column} is not of type ${type}`)
    return value
  }
  return (row) => entries.map((entry) => columnValue(entry, row))
}
