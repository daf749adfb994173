import type { Projection, Secrets } from '#domain/kernel/projection.ts'
import { type Connection, identityOf, openForWriting } from './connection.ts'
import { CheckpointMoved, isDamage, isMissingTable, ReadStoreDamaged } from './errors.ts'
import { type Fold, openFold } from './fold.ts'
import { type Generation, type Registry, registry } from './registry.ts'
import { setAside } from './set-aside.ts'
import {
  columnsOf,
  createIndexes,
  createTable,
  dropTable,
  refuseOddNames,
  rowStatements,
  tableOf,
} from './table.ts'

export type ReadStoreWriter = {
  /** Every view's live table and the one being built, if any. */
  generations(): readonly Generation[]
  /** An empty table beside the live one; one that was being built is dropped. */
  begin(of: Projection): Generation
  fold(of: Projection, generation: Generation): Fold
  /** Rows and checkpoints of all of them in one transaction. @throws CheckpointMoved and nothing is written */
  commit(folds: readonly Fold[]): void
  /** From now on it is the one that is read; the one before is dropped. @throws CheckpointMoved when it is gone */
  publish(fold: Fold): Generation
  discard(generation: Generation): void
  /** After damage: sets the file aside, unless it is no longer the one that was `seen`, and opens what is there then. */
  renew(cause: unknown, seen?: string): void
  close(): void
}

export type WriterOptions = {
  readonly file: string
  /** For views that look up blind. Absent: there is none among them. */
  readonly secrets?: Secrets
  readonly lockWaitMs?: number
  /** Views are gone until they are built again: say so loudly. */
  readonly onSetAside?: (aside: string, cause: unknown) => void
}

/** The one that writes: the projector's. Whoever reads opens `openReadStore` on the same file. */
export const openReadStoreWriter = (options: WriterOptions): ReadStoreWriter => {
  const { file, secrets = noSecrets, lockWaitMs = 5_000, onSetAside } = options
  let store = open(file, lockWaitMs, onSetAside)

  return {
    generations: () => store.known.all(),
    begin: (of) => store.begin(of),
    fold: (of, generation) => openFold(of, generation, rowStatements(store.db, of, generation.id), secrets),
    commit: (folds) => store.commit(folds),
    publish: (fold) => store.publish(fold),
    discard: (generation) => store.discard(generation),
    renew(cause, seen = store.identity) {
      store.db.close()
      if (identityOf(file) === seen) {
        const aside = setAside(file)
        onSetAside?.(aside, cause)
      }
      store = open(file, lockWaitMs, onSetAside)
    },
    close: () => void store.db.close(),
  }
}

type Store = Omit<ReadStoreWriter, 'generations' | 'fold' | 'renew' | 'close'> & {
  readonly db: Connection
  readonly known: Registry
  readonly identity: string | undefined
}

const open = (file: string, lockWaitMs: number, onSetAside: WriterOptions['onSetAside']): Store => {
  try {
    return openSound(file, lockWaitMs)
  } catch (error) {
    if (!isDamage(error)) throw error
    const aside = setAside(file)
    onSetAside?.(aside, error)
    return openSound(file, lockWaitMs)
  }
}

const openSound = (file: string, lockWaitMs: number): Store => {
  const db = openForWriting(file, lockWaitMs)
  try {
    const known = registry(db)
    for (const generation of known.all()) db.prepare(`SELECT * FROM ${tableOf(generation)} LIMIT 1`).get()
    return { db, known, identity: identityOf(file), ...transactions(db, known, file) }
  } catch (error) {
    db.close()
    // Registry and tables are written together: a table that is missing is damage, too.
    throw isMissingTable(error) ? new ReadStoreDamaged('a view has no table', { cause: error }) : error
  }
}

const transactions = (db: Connection, known: Registry, file: string) => {
  const identity = identityOf(file)
  const remove = (generation: Generation) => {
    known.remove(generation.id)
    dropTable(db, generation)
  }
  /**
   * While nothing is read yet, the indexes come at the end: twice as fast, but it holds up everybody who writes here, so
   * beside live views they grow with the rows.
   */
  const begin = (of: Projection): Generation => {
    refuseOddNames(of)
    for (const generation of known.all())
      if (generation.name === of.name && !generation.live) remove(generation)
    const columns = columnsOf(of)
    const id = known.add(of.name, of.version, columns)
    createTable(db, of, id)
    if (known.all().some(({ live }) => live)) createIndexes(db, of, id)
    return { id, name: of.name, version: of.version, live: false, position: 0n, columns }
  }
  const commit = (folds: readonly Fold[]) => {
    for (const fold of folds) {
      const { id, name } = fold.generation
      if (!known.advance(id, fold.committed(), fold.position())) throw new CheckpointMoved(name)
      fold.write()
    }
  }
  const publish = ({ generation, of }: Fold) => {
    const before = known.live(generation.name)
    if (before) remove(before)
    const published = known.publish(generation.id) ? known.live(generation.name) : undefined
    if (!published) throw new CheckpointMoved(generation.name)
    createIndexes(db, of, generation.id)
    return published
  }
  /** The write lock first: what is compared inside stays true until the end. */
  const exclusively = <A, T>(work: (argument: A) => T) => {
    const transaction = db.transaction(work)
    return (argument: A): T => {
      if (identityOf(file) !== identity) throw new ReadStoreDamaged('the read store’s file was replaced')
      return transaction.immediate(argument)
    }
  }
  const commitAll = exclusively(commit)
  return {
    begin: (of: Projection) => db.transaction(begin).immediate(of),
    commit(folds: readonly Fold[]) {
      const ahead = folds.filter((fold) => fold.position() > fold.committed())
      if (ahead.length === 0) return
      commitAll(ahead)
      for (const fold of ahead) fold.settle()
    },
    publish: exclusively(publish),
    discard: exclusively(remove),
  }
}

const noKeys = (): never => {
  throw new Error('this read store was opened without keys')
}
const noSecrets: Secrets = { open: noKeys, blind: noKeys }
