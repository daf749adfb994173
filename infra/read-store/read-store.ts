import type { Statement as Prepared } from 'better-sqlite3'
import type { AnyEvent } from '#domain/kernel/event.ts'
import {
  type ColumnValue,
  type Projection,
  type Query,
  type Reader,
  type ReadStore,
  ViewNotReady,
} from '#domain/kernel/projection.ts'
import { type Connection, identityOf, openForReading } from './connection.ts'
import { isDamage } from './errors.ts'
import { type Fingerprint, fingerprintOf } from './fingerprint.ts'
import { countStatement, listStatements } from './query.ts'
import { type Generation, type Registry, registry } from './registry.ts'
import { columnsOf, parseBody, tableOf } from './table.ts'

export type OpenReadStore = ReadStore & {
  /** Of the live view; undefined while there is none. Walks over all its rows. */
  fingerprint(name: string): Fingerprint | undefined
  close(): void
}

export type ReadStoreOptions = {
  readonly file: string
  readonly lockWaitMs?: number
  /** A read met a file that cannot be believed: whoever writes it should renew it. The read itself says ViewNotReady. */
  readonly onDamage?: (cause: unknown, identity: string | undefined) => void
}

/** A file that was set aside keeps answering with old rows until somebody looks. */
const LOOK_AGAIN_MS = 200

/**
 * Reads beside the projector, on any thread or process: a read-only connection, each read one consistent look at registry
 * and rows, so that a swap is seen at once and never half. The file may come later.
 */
export const openReadStore = (options: ReadStoreOptions): OpenReadStore => {
  const { file, lockWaitMs = 5_000, onDamage } = options
  let open: Opened | undefined

  const close = () => {
    open?.db.close()
    open = undefined
  }
  const opened = (): Opened => {
    if (open && !isStillThere(open, file)) close()
    open ??= openAt(file, lockWaitMs)
    return open
  }
  const reading = <T>(read: (store: Opened) => T): T => {
    try {
      const store = opened()
      return store.atOnce(() => read(store))
    } catch (error) {
      if (!isDamage(error)) throw error
      onDamage?.(error, open?.identity ?? identityOf(file))
      close()
      throw new ViewNotReady('the read store is being renewed', { cause: error })
    }
  }

  return {
    reader<Row, E extends AnyEvent>(of: Projection<Row, E>): Reader<Row> {
      const columns = columnsOf(of)
      const live = <T>(read: (view: View) => T): T =>
        reading((store) => read(liveView(store, of.name, columns)))
      live(() => undefined)
      // The rows of a view are of the type its projection puts: nobody else writes them.
      return {
        get: (key) => live((view) => view.get(key)) as Row | undefined,
        list: (query) => live((view) => view.list(query)) as readonly Row[],
        count: (query) => live((view) => view.count(query)),
      }
    },
    checkpoint: (name) => ifThere(() => reading(({ known }) => known.live(name)?.position)) ?? 0n,
    fingerprint: (name) =>
      ifThere(() =>
        reading(({ db, known }) => {
          const generation = known.live(name)
          return generation && fingerprintOf(db, generation)
        }),
      ),
    close,
  }
}

const ifThere = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch (error) {
    if (error instanceof ViewNotReady) return undefined
    throw error
  }
}

type Opened = {
  readonly db: Connection
  readonly known: Registry
  readonly views: Map<number, View>
  /** One transaction, made once: a read costs little more than it. */
  readonly atOnce: <T>(read: () => T) => T
  readonly identity: string | undefined
  lookAgainAt: number
}

const openAt = (file: string, lockWaitMs: number): Opened => {
  const identity = identityOf(file)
  if (identity === undefined) throw new ViewNotReady('the read store does not exist yet')
  const db = openForReading(file, lockWaitMs)
  const transaction = db.transaction((read: () => unknown) => read())
  return {
    db,
    known: registry(db),
    views: new Map(),
    // It answers what `read` answers; the library's type does not say so of a function made before.
    atOnce: <T>(read: () => T) => transaction(read) as T,
    identity,
    lookAgainAt: performance.now() + LOOK_AGAIN_MS,
  }
}

const isStillThere = (open: Opened, file: string): boolean => {
  const now = performance.now()
  if (now < open.lookAgainAt) return true
  open.lookAgainAt = now + LOOK_AGAIN_MS
  return identityOf(file) === open.identity
}

const liveView = (open: Opened, name: string, wanted: readonly string[]): View => {
  const view = viewOf(open, name)
  if (!view) throw new ViewNotReady(`${name} is being built`)
  if (!wanted.every((column) => view.columns.includes(column)))
    throw new ViewNotReady(`${name} is being built in a new shape`)
  return view
}

/** A table keeps its columns as long as it has its id: only the id is looked up at every read. */
const viewOf = ({ db, known, views }: Opened, name: string): View | undefined => {
  const view = views.get(known.liveId(name) ?? 0)
  if (view) return view
  const generation = known.live(name)
  if (!generation) return undefined
  const opened = openView(db, generation)
  views.set(generation.id, opened)
  return opened
}

/** SQL by its shape, prepared once; what was prepared for a dropped table is never asked for again. */
const openView = (db: Connection, generation: Generation) => {
  const table = tableOf(generation)
  const prepared = new Map<string, Prepared<ColumnValue[], string | number>>()
  const plucked = (sql: string) => {
    const known = prepared.get(sql) ?? db.prepare<ColumnValue[], string | number>(sql).pluck()
    prepared.set(sql, known)
    return known
  }
  const row = (body: string | number) => parseBody(String(body))
  return {
    columns: generation.columns,
    get(key: string): unknown {
      const body = plucked(`SELECT body FROM ${table} WHERE key = ?`).get(key)
      return body === undefined ? undefined : row(body)
    },
    list(query: Query): readonly unknown[] {
      const { limit = Number.MAX_SAFE_INTEGER } = query
      const found: unknown[] = []
      for (const { sql, values } of listStatements(table, generation.columns, query)) {
        if (found.length >= limit) break
        found.push(
          ...plucked(sql)
            .all(...values, limit - found.length)
            .map(row),
        )
      }
      return found
    },
    count(query: Pick<Query, 'where'>): number {
      const { sql, values } = countStatement(table, generation.columns, query)
      return Number(plucked(sql).get(...values) ?? 0)
    },
  }
}

type View = ReturnType<typeof openView>
