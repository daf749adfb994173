import { randomUUID } from 'node:crypto'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import {
  destroyedKeys,
  type KeptKeys,
  type KeyEncryptionKeys,
  livingShares,
  readKeys,
  type Shared,
} from '../kept-keys.ts'
import { type LocalKeys, localKeys } from '../local-keys.ts'
import type { Wrapped } from '../row.ts'
import { keyCopy, openCopyFile } from './copy.ts'
import { destroyer } from './destroy.ts'
import { sayDestroyed } from './destroyed.ts'
import {
  familyStream,
  INDEX_STREAM,
  indexKeyKept,
  type KeyFact,
  keyKept,
  keyShared,
  streamOf,
} from './facts.ts'
import { fillKeys } from './fill.ts'
import { shareIndexKey } from './index-key.ts'
import type { SharedParts } from './provide.ts'
import { DELETED, keyStreams } from './streams.ts'
import { tidier } from './tidy.ts'

const LOCK_WAIT_MS = 5_000
const STREAMS_AT_ONCE = 64

/** The cluster's keys as the server has them now. Undefined: there are none. */
export const keysOnCluster = async (connection: Connection): Promise<KeptKeys | undefined> => {
  const db = openCopyFile(':memory:', LOCK_WAIT_MS)
  try {
    await fillKeys(connection, keyCopy(db))
    return readKeys(db)
  } finally {
    db.close()
  }
}

/**
 * Puts one machine's keys on the cluster, each where a node would have put it, and into `file` as that node's copy. What is there
 * already is not put again, so it may be interrupted anywhere. What was destroyed comes first and is said to have been, so that it
 * is never found missing.
 * @throws KeyMissing  the cluster has another log's keys
 */
export const moveKeysToCluster = async (
  options: KeyEncryptionKeys & {
    readonly connection: Connection
    readonly file: string
    readonly from: KeptKeys
    readonly step: (done: number, total: number) => void
  },
): Promise<void> => {
  const { connection, file, from, step, ...keks } = options
  const streams = keyStreams(connection)
  const db = openCopyFile(file, LOCK_WAIT_MS)
  try {
    const copy = keyCopy(db)
    const { under, wrapped } = from.index
    await streams.append(INDEX_STREAM, 0, [indexKeyKept(randomUUID(), under, wrapped)])
    await shareIndexKey(streams, copy, keks)
    await fillKeys(connection, copy)
    const local = localKeys(db, keks)
    const parts = { streams, copy, local }
    const before = local.all()
    const groups = [...byStream(from)].filter(([, group]) => !isThere(local, group))
    const total = from.destroyed.length + groups.length
    let done = 0
    await repeatDestroying(parts, from, () => step(++done, total))
    await inParallel(groups, async ([stream, group]) => {
      await putGroup(parts, stream, group)
      step(++done, total)
    })
    await tidyAfter(parts, before, from)
    local.truncate()
  } finally {
    db.close()
  }
}

type Group = { readonly rows: Wrapped[]; readonly shares: Shared[] }

const byStream = (from: KeptKeys): ReadonlyMap<string, Group> => {
  const groups = new Map<string, Group>()
  const groupOf = (stream: string): Group => {
    const group = groups.get(stream) ?? { rows: [], shares: [] }
    groups.set(stream, group)
    return group
  }
  for (const row of from.keys) {
    const { wrapped } = row
    if (!wrapped) continue
    const { rows } = groupOf(streamOf(row))
    // A family's own first: the others lie under it.
    if (row.under === null) rows.push({ ...row, wrapped })
    else rows.unshift({ ...row, wrapped })
  }
  for (const one of livingShares(from)) groupOf(familyStream(one.family)).shares.push(one)
  return groups
}

const isSame = (one: Wrapped | undefined, row: Wrapped): boolean =>
  one !== undefined && one.family === row.family && one.under === row.under && one.wrapped.equals(row.wrapped)

const isThere = (local: LocalKeys, { rows, shares }: Group): boolean =>
  rows.every((row) => isSame(local.wrapped(row.id), row)) &&
  shares.every(({ family, key }) => local.isOf({ id: key, family: null }, family))

/** Most streams are new, so the first attempt is made without looking. */
const putGroup = async ({ streams, copy }: SharedParts, stream: string, group: Group): Promise<void> => {
  let version = 0
  let { rows, shares } = group
  for (;;) {
    const at = await streams.append(stream, version, [
      ...rows.map((row) => keyKept(row)),
      ...shares.map(keyShared),
    ])
    if (at === DELETED) throw new Error(`${stream} was ended on the cluster, and its keys are still in use`)
    if (at !== undefined) {
      const start = version + 1
      copy.take([
        ...rows.map((row, i): KeyFact => ({ kind: 'kept', at, version: start + i, row })),
        ...shares.map(
          (one, i): KeyFact => ({ kind: 'shared', at, version: start + rows.length + i, ...one }),
        ),
      ])
      return
    }
    const found = await streams.read(stream)
    if (found === DELETED) continue
    version = found.version
    copy.take(found.facts)
    const newest = new Map(
      found.facts.flatMap((fact) => (fact.kind === 'kept' ? [[fact.row.id, fact.row]] : [])),
    )
    const said = new Set(found.facts.flatMap((fact) => (fact.kind === 'shared' ? fact.key : [])))
    rows = group.rows.filter((row) => !isSame(newest.get(row.id), row))
    shares = group.shares.filter(({ key }) => !said.has(key))
    if (rows.length + shares.length === 0) return
  }
}

const repeatDestroying = async (parts: SharedParts, from: KeptKeys, step: () => void): Promise<void> => {
  const keys = destroyedKeys(from)
  for (const { family: familyId, at, because } of from.destroyed) {
    const gone = keys.get(familyId) ?? []
    await sayDestroyed(parts, { familyId, at, because, keys: [...gone] })
    await destroyer({ ...parts, now: () => at })({ familyId, because })
    step()
  }
}

/** What an earlier run put where it no longer belongs: the source went on in between. */
const tidyAfter = async (parts: SharedParts, before: readonly Wrapped[], from: KeptKeys): Promise<void> => {
  const now = new Map(from.keys.flatMap((row) => (row.wrapped ? [[row.id, streamOf(row)]] : [])))
  const left = new Set(before.flatMap((row) => (now.get(row.id) === streamOf(row) ? [] : streamOf(row))))
  const tidy = tidier(parts)
  for (const stream of left) await tidy(stream)
}

const inParallel = async <T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> => {
  const waiting = all.values()
  const worker = async () => {
    for (const one of waiting) await work(one)
  }
  await Promise.all(Array.from({ length: STREAMS_AT_ONCE }, worker))
}
