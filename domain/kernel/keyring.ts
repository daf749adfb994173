import type { DataClass } from './classes.ts'

/**
 * Whose key hides a value: a family's, that of one of its people (wrapped in the family's, so that it ends with it), a staff
 * member's, or, where nobody in particular is meant or that may change, the stream's own (with the family, where it has one).
 */
export type KeyOwner =
  | { readonly kind: 'family'; readonly familyId: string }
  | { readonly kind: 'person'; readonly familyId: string; readonly personId: string }
  | { readonly kind: 'staff'; readonly staffId: string }
  | { readonly kind: 'stream'; readonly stream: string; readonly familyId?: string }

/** Where a sealed value stands. It can be read nowhere else. */
export type Place = {
  readonly eventId: string
  /** JSON pointer from the event: `/data/caregivers/0/name`, `/metadata/toldBy`. */
  readonly field: string
  readonly dataClass: DataClass
}

export type Plain = Place & { readonly owner: KeyOwner; readonly text: string }

/** What a sealed value says of itself without any key. */
export type SealedLabel = Place & { readonly keyId: string }

/** Its key was destroyed: what it said is gone for good, that it was there is not. */
export const ERASED = Symbol('erased')

/**
 * Personal text under keys (dossier 4.8). Sealing and opening are synchronous, a matter of microseconds; what other nodes have
 * to know of is not.
 */
export type Keyring = {
  /**
   * Afterwards these owners have keys, which every node can open with, or will before it sees what lies under them. One node
   * alone has nothing to do here: there `seal` makes what is missing, durable before it returns.
   * @throws KeyDestroyed      for an owner whose key was destroyed
   * @throws StoreUnavailable  the cluster does not answer; no key was made that counts
   */
  provide(owners: readonly KeyOwner[]): Promise<void>
  /**
   * @throws KeyDestroyed      for an owner whose key was destroyed: nothing more may be written about them
   * @throws StoreUnavailable  on a cluster, for one that was not provided for
   */
  seal(values: readonly Plain[]): readonly string[]
  /**
   * @throws UnreadableSecret  altered, cut short, or moved from where it was sealed
   * @throws KeyMissing        no such key, and none was destroyed: the key file is not the one of this log
   */
  open(sealed: string): string | typeof ERASED
  /**
   * What `work` opens is opened as of one moment: whether a key is still there is asked once, not for each of its values.
   * For what is done in one go; nothing else happens in this process meanwhile.
   */
  atOnce<T>(work: () => T): T
  /** Whose key it is under; undefined where that key is not, or no longer, known. */
  ownerOf(keyId: string): KeyOwner | undefined
  /** The same text gives the same value, and only to who holds the keys: for looking up without reading. */
  blind(text: string): string
  /**
   * The stream is about this family: its own key, if it has one, goes under the family's and ends with it; what lies under it
   * can be read as before. Where a stream was about several, it ends with the first of them. Repeating it changes nothing.
   * @returns true when there is something to destroy: the family was erased already
   * @throws StoreUnavailable  to be repeated
   */
  adopt(stream: string, familyId: string): Promise<boolean>
  /**
   * Destroys the family's key, those of its people and of its streams. @returns how many were destroyed by this call; 0 when repeated
   * @throws KeyLingers        nobody can open anything any more, but the bytes are still on the disk: to be repeated
   * @throws StoreUnavailable  the cluster does not answer: to be repeated
   */
  destroy(family: { readonly familyId: string; readonly because: string }): Promise<number>
  /** When the family's key was destroyed and by which event; undefined while it is there. */
  destroyed(familyId: string): { readonly at: string; readonly because: string } | undefined
  /** Up to which position of the log erasures have been carried out in this key file; 0 in a new one. */
  erasedUpTo(): bigint
  noteErasedUpTo(position: bigint): void
  /**
   * An older log was put back from a backup: what is in it has been carried out here, what takes the positions behind it has not.
   * Not from the beginning, or a stream's key would end with a family that the stream no longer belongs to.
   */
  logEndsAt(position: bigint): void
  /** Drops what is remembered of it in this process; another process may have destroyed it. */
  forget(familyId: string): void
  close(): void
}

export class UnreadableSecret extends Error {
  override readonly name = 'UnreadableSecret'
}

export class KeyMissing extends Error {
  override readonly name = 'KeyMissing'
}

export class KeyLingers extends Error {
  override readonly name = 'KeyLingers'
}

export class KeyDestroyed extends Error {
  override readonly name = 'KeyDestroyed'
}

/**
 * How every sealed value begins: a control character, which no text that people send may contain, so that nothing that was
 * typed in is ever taken for one. Not one for private use: those are gaiji in names.
 */
export const SEAL = '\u007f'

export const isSealed = (value: unknown): value is string =>
  typeof value === 'string' && value.startsWith(SEAL)

/**
 * `<SEAL>1.<dataClass>.<keyId>.<eventId>.<field>.<base64url>`; field with `.` and `%` percent-encoded.
 * @throws UnreadableSecret when it is not of that form
 */
export const labelOf = (sealed: string): SealedLabel => {
  const [version, dataClass, keyId, eventId, field, secret, more] = sealed.slice(SEAL.length).split('.')
  if (!isSealed(sealed) || version !== '1' || !dataClass || !keyId || !eventId || !field || !secret || more)
    throw new UnreadableSecret('not a sealed value')
  // Only the keyring writes them, and whether it did is what opening proves.
  return { dataClass: dataClass as DataClass, keyId, eventId, field: decoded(field) }
}

const decoded = (field: string): string => {
  try {
    return decodeURIComponent(field)
  } catch (cause) {
    throw new UnreadableSecret('not a sealed value', { cause })
  }
}
