import type { KeyOwner } from '#domain/kernel/keyring.ts'

/** `under`: which key-encryption key wraps it, by its fingerprint; none: it is wrapped in the key of its family. */
export type Row = {
  readonly id: string
  readonly owner: string
  readonly family: string | null
  readonly under: string | null
  /** None: it was destroyed. */
  readonly wrapped: Buffer | null
}

export type Wrapped = Row & { readonly wrapped: Buffer }

export const ROW = 'SELECT id, owner, family, under, wrapped FROM key'
export const OF_FAMILY = '(family = @familyId OR id IN (SELECT key FROM shared WHERE family = @familyId))'

/** What a wrapped key may not be parted from. */
export const boundTo = ({ id, owner }: Pick<Row, 'id' | 'owner'>): string => `1|${id}|${owner}`

export const familyOf = (owner: KeyOwner): string | null =>
  'familyId' in owner ? (owner.familyId ?? null) : null

/** A stream's family may change, its name does not. */
export const nameOf = (owner: KeyOwner): string =>
  JSON.stringify(owner.kind === 'stream' ? [owner.kind, owner.stream] : Object.values(owner))

export const ownerNamed = (name: string): KeyOwner => {
  const [kind, first, second] = JSON.parse(name)
  if (kind === 'family') return { kind, familyId: first }
  if (kind === 'person') return { kind, familyId: first, personId: second }
  return kind === 'staff' ? { kind, staffId: first } : { kind: 'stream', stream: first }
}
