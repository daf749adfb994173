import type { AnyEvent, Recorded } from './event.ts'
import type { Keyring } from './keyring.ts'

/** What a projection may do with its rows: a row is plain JSON under a key of the projection's choosing. */
export type Rows<Row> = {
  get(key: string): Row | undefined
  put(key: string, row: Row): void
  delete(key: string): void
}

export type ColumnValue = string | number | null

/** For looking up what nobody may read in the rows: a text is opened only to be made blind. */
export type Secrets = Pick<Keyring, 'open' | 'blind'>

/** A value of the row by which it can be found and sorted. */
export type Column<Row> = { readonly type: 'text' | 'integer'; of(row: Row): ColumnValue }

/**
 * A view that people want to see: a pure fold from facts to rows.
 * The rows of one version are always the same for the same log; a rebuild gives the same fingerprint.
 */
export type Projection<Row = unknown, E extends AnyEvent = AnyEvent> = {
  /** Checkpoint key: never rename. */
  readonly name: string
  /** The shape of its rows: bump it and the view is built beside the old one, then swapped. */
  readonly version: number
  readonly columns: Readonly<Record<string, Column<Row>>>
  /** Each a list of columns, in order. */
  readonly indexes: readonly (readonly string[])[]
  /** Personal values of the event are sealed, and stay so in the rows. */
  apply(event: Recorded<E>, rows: Rows<Row>, secrets: Secrets): void
}

export const projection =
  <Row, E extends AnyEvent>() =>
  <const P extends Projection<Row, E>>(definition: P): P =>
    definition

export type Condition =
  | ColumnValue
  | readonly ColumnValue[]
  | {
      readonly lt?: ColumnValue
      readonly lte?: ColumnValue
      readonly gt?: ColumnValue
      readonly gte?: ColumnValue
    }

export type Query = {
  /** All must hold. An array: one of them. */
  readonly where?: Readonly<Record<string, Condition>>
  readonly orderBy?: readonly (readonly [column: string, direction: 'asc' | 'desc'])[]
  /** Start after this row in the given order: one value for each `orderBy` column. */
  readonly startAfter?: readonly ColumnValue[]
  readonly limit?: number
}

export type Reader<Row> = {
  get(key: string): Row | undefined
  list(query: Query): readonly Row[]
  count(query: Pick<Query, 'where'>): number
}

/** The read side: every node folds the log into its own. */
export type ReadStore = {
  /** @throws ViewNotReady while the first build of this version has not caught up */
  reader<Row, E extends AnyEvent>(of: Projection<Row, E>): Reader<Row>
  /** The log position up to which the view people read is complete; 0 before the first event. */
  checkpoint(name: string): bigint
}

export class ViewNotReady extends Error {
  override readonly name = 'ViewNotReady'
}
