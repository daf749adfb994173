import { randomUUID } from 'node:crypto'
import { type EventData, jsonEvent, type RecordedEvent } from '@eventstore/db-client'
import { z } from 'zod'
import type { KeyOwner } from '#domain/kernel/keyring.ts'
import { familyOf, ownerNamed, type Wrapped } from '../row.ts'

/** Streams of keys begin so; what is in them is beside the log. */
export const KEY_STREAMS = /^_key-/
export const INDEX_STREAM = '_key-index'
/** Never deleted: so that "erased" is never mistaken for "lost", on a node that comes later either. */
export const DESTROYED_STREAM = '_key-destroyed'

export const familyStream = (familyId: string): string => `_key-${familyId}`
const keyStreamOf = (owner: KeyOwner): string => {
  if (owner.kind === 'staff') return `_key-staff-${owner.staffId}`
  if (owner.kind === 'stream') return `_key-${owner.stream}`
  return familyStream(owner.familyId)
}
/** Where an owner's key is looked for without its family. */
export const ownStream = (stream: string): string => keyStreamOf({ kind: 'stream', stream })
/** Where a new key of this owner goes. */
export const streamFor = (owner: KeyOwner): string => {
  const family = familyOf(owner)
  return family === null ? keyStreamOf(owner) : familyStream(family)
}
export const streamOf = ({ family, owner }: Pick<Wrapped, 'family' | 'owner'>): string =>
  family === null ? keyStreamOf(ownerNamed(owner)) : familyStream(family)

const KeyKept = z.object({
  id: z.string(),
  owner: z.string(),
  family: z.string().nullable(),
  under: z.string().nullable(),
  wrapped: z.base64(),
  /** The stream that it lay in before it came to its family, where it may lie still. */
  cameFrom: z.string().optional(),
})
/** `cluster`: a name made with the first one, so that a node’s copy is never filled from two. */
const IndexKeyKept = z.object({ cluster: z.string(), under: z.string(), wrapped: z.base64() })
const KeyShared = z.object({ family: z.string(), key: z.string() })
const KeysDestroyed = z.object({
  familyId: z.string(),
  at: z.string(),
  because: z.string(),
  keys: z.array(z.string()),
})

const Fact = z.discriminatedUnion('type', [
  z.object({ type: z.literal('KeyKept'), data: KeyKept }),
  z.object({ type: z.literal('IndexKeyKept'), data: IndexKeyKept }),
  z.object({ type: z.literal('KeyShared'), data: KeyShared }),
  z.object({ type: z.literal('KeysDestroyed'), data: KeysDestroyed }),
])

export type Destroyed = Readonly<z.output<typeof KeysDestroyed>>

/** Facts about keys, as they stand on the server. `at`: commit position. `version`: in their stream, from 1. */
export type KeyFact = { readonly at: bigint; readonly version: number } & (
  | { readonly kind: 'kept'; readonly row: Wrapped; readonly cameFrom?: string | undefined }
  | { readonly kind: 'index'; readonly cluster: string; readonly under: string; readonly wrapped: Buffer }
  | { readonly kind: 'shared'; readonly family: string; readonly key: string }
  | ({ readonly kind: 'destroyed'; readonly when: string } & Omit<Destroyed, 'at'>)
)

/** No metadata: what the log's own events carry in it tells them from everything else on the server. */
const event = (type: string, data: object): EventData =>
  jsonEvent({ id: randomUUID(), type, data: data as Record<string, never> })

export const keyKept = ({ id, owner, family, under, wrapped }: Wrapped, cameFrom?: string): EventData =>
  event('KeyKept', {
    id,
    owner,
    family,
    under,
    wrapped: wrapped.toString('base64'),
    ...(cameFrom !== undefined && { cameFrom }),
  } satisfies z.input<typeof KeyKept>)
export const indexKeyKept = (cluster: string, under: string, wrapped: Buffer): EventData =>
  event('IndexKeyKept', { cluster, under, wrapped: wrapped.toString('base64') } satisfies z.input<
    typeof IndexKeyKept
  >)
export const keyShared = (shared: z.input<typeof KeyShared>): EventData => event('KeyShared', shared)
export const keysDestroyed = (destroyed: z.input<typeof KeysDestroyed>): EventData =>
  event('KeysDestroyed', destroyed)

/** Undefined for what is none: tombstones, and what somebody else has put there. */
export const toFact = (event: RecordedEvent): KeyFact | undefined => {
  const where = { at: event.position?.commit ?? 0n, version: Number(event.revision) + 1 }
  const parsed = Fact.safeParse(event)
  if (!parsed.success) return undefined
  const { type, data } = parsed.data
  switch (type) {
    case 'KeyKept': {
      const { cameFrom, ...row } = data
      return { ...where, kind: 'kept', row: { ...row, wrapped: bytes(row.wrapped) }, cameFrom }
    }
    case 'IndexKeyKept':
      return { ...where, kind: 'index', ...data, wrapped: bytes(data.wrapped) }
    case 'KeyShared':
      return { ...where, kind: 'shared', ...data }
    case 'KeysDestroyed': {
      const { at: when, ...destroyed } = data
      return { ...where, kind: 'destroyed', when, ...destroyed }
    }
  }
}

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64')
