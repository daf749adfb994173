import { z } from 'zod'
import type { EventSpec, StreamName } from './event.ts'
import { idIn } from './event.ts'
import type { Appending, Stored } from './event-store.ts'
import {
  ERASED,
  isSealed,
  type KeyOwner,
  type Keyring,
  labelOf,
  type Plain,
  UnreadableSecret,
} from './keyring.ts'
import { elementOf, marksOf, type Sensitive, shapeOf } from './schema.ts'

/** What stands where a text was whose key is destroyed. */
export const ERASED_TEXT = '〔消去済み〕'

/** What of an event's metadata somebody said or wrote. */
const TEXTS_OF_METADATA = ['toldBy', 'lateReason'] as const

type Fields = Record<string, unknown>
/** A value to be sealed, and where the sealed one goes. */
type Slot = { readonly plain: Plain; readonly into: Fields; readonly key: string }

/** An event before it is sealed: whose keys it needs, and what it is under them. */
export type Sealing = {
  readonly owners: readonly KeyOwner[]
  readonly under: (keyring: Pick<Keyring, 'seal'>) => Appending
}

/**
 * The events as they may be kept: every value that their schemas mark as sensitive is under its owner's key (dossier 4.8).
 * @throws KeyDestroyed for a family that was erased
 */
export const sealedBy =
  (keyring: Pick<Keyring, 'provide' | 'seal'>) =>
  async (sealings: readonly Sealing[]): Promise<readonly Appending[]> => {
    await keyring.provide(sealings.flatMap(({ owners }) => owners))
    return sealings.map(({ under }) => under(keyring))
  }

export const toSeal = (event: Appending, spec: EventSpec, stream: StreamName): Sealing => {
  const { familyId } = event.metadata
  const slots: Slot[] = []
  const ownerFor = ({ subject }: Sensitive, personId: string | undefined): KeyOwner => {
    if (subject === 'staff') return { kind: 'staff', staffId: idIn(stream) }
    if (familyId === undefined) return { kind: 'stream', stream }
    if (subject === 'person' && personId !== undefined) return { kind: 'person', familyId, personId }
    return spec.changesFamily ? { kind: 'stream', stream, familyId } : { kind: 'family', familyId }
  }
  const copy = (value: unknown, schema: z.core.$ZodType, field: string, personId?: string): unknown => {
    const element = elementOf(schema)
    const shape = shapeOf(schema)
    if (element && Array.isArray(value)) {
      const into = [...value]
      fill(into as unknown as Fields, () => element, field, personId)
      return into
    }
    if (!shape || typeof value !== 'object' || value === null) return value
    const into = { ...value } as Fields
    const person = typeof into.personId === 'string' ? into.personId : personId
    fill(into, (name) => shape[name], field, person)
    return into
  }
  const fill = (
    into: Fields,
    schemaOf: (name: string) => z.core.$ZodType | undefined,
    field: string,
    personId: string | undefined,
  ): void => {
    for (const [key, value] of Object.entries(into)) {
      const schema = schemaOf(key)
      if (!schema || value === undefined || value === null) continue
      const mark = marksOf(schema).sensitive
      const here = `${field}/${key}`
      if (!mark || typeof value !== 'string') into[key] = copy(value, schema, here, personId)
      else
        slots.push({
          plain: {
            eventId: event.id,
            field: here,
            dataClass: mark.dataClass ?? spec.dataClass,
            owner: ownerFor(mark, personId),
            text: value,
          },
          into,
          key,
        })
    }
  }

  const data = copy(event.data, spec.schema, '/data') as Fields
  const metadata: Fields = { ...event.metadata }
  for (const key of TEXTS_OF_METADATA)
    if (typeof metadata[key] === 'string')
      slots.push({
        plain: {
          eventId: event.id,
          field: `/metadata/${key}`,
          dataClass: spec.dataClass,
          owner: ownerFor({ subject: 'family' }, undefined),
          text: metadata[key],
        },
        into: metadata,
        key,
      })
  return {
    owners: slots.map(({ plain }) => plain.owner),
    under(keyring) {
      if (slots.length === 0) return event
      const sealed = keyring.seal(slots.map(({ plain }) => plain))
      for (const [i, { into, key }] of slots.entries()) into[key] = sealed[i]
      return { ...event, data, metadata: metadata as Stored['metadata'] }
    },
  }
}

/**
 * The event as it was told, with `ERASED_TEXT` for what nobody can read any more.
 * @throws UnreadableSecret  a value was altered, cut short or moved
 * @throws KeyMissing        the key file is not the one of this log
 */
export const openedBy =
  (keyring: Pick<Keyring, 'open'>) =>
  (stored: Stored): Stored =>
    mapSealed(stored, (sealed) => opened(keyring, sealed))

export const opened = (keyring: Pick<Keyring, 'open'>, sealed: string): string => {
  const text = keyring.open(sealed)
  return text === ERASED ? ERASED_TEXT : text
}

/** The event as it is kept, once it is sure that every sealed value in it was sealed for this very place. */
export const inPlace = (stored: Stored): Stored => mapSealed(stored, (sealed) => sealed)

const mapSealed = (stored: Stored, read: (sealed: string) => string): Stored => {
  const visit = (value: unknown, field: string) =>
    mapTexts(value, field, (sealed, at) => {
      const label = labelOf(sealed)
      if (label.eventId !== stored.id || label.field !== at)
        throw new UnreadableSecret(`a sealed value stands at ${at} of ${stored.id}, where it was not put`)
      return read(sealed)
    })
  const data = visit(stored.data, '/data') as Stored['data']
  const metadata = visitTexts(stored.metadata, visit)
  return data === stored.data && metadata === stored.metadata ? stored : { ...stored, data, metadata }
}

/** The same with every sealed text, wherever it stands, as `read` gives it; itself where there is none. `field`: a JSON pointer. */
export const mapTexts = <T>(whole: T, field: string, read: (sealed: string, field: string) => string): T =>
  mapped(whole, field, read) as T

/** Asked of every row that is read, and few hold a sealed value: where it stands is put together only on the way to one. */
const mapped = (value: unknown, field: string, read: (sealed: string, field: string) => string): unknown => {
  if (typeof value === 'string') return isSealed(value) ? read(value, field) : value
  if (typeof value !== 'object' || value === null) return value
  let copy: Fields | unknown[] | undefined
  for (const key in value) {
    const before = (value as Fields)[key]
    if (typeof before === 'string' ? !isSealed(before) : typeof before !== 'object') continue
    const after = mapped(before, `${field}/${key}`, read)
    if (after === before) continue
    copy ??= Array.isArray(value) ? [...value] : { ...value }
    ;(copy as Fields)[key] = after
  }
  return copy ?? value
}

const visitTexts = (
  metadata: Stored['metadata'],
  visit: (value: unknown, field: string) => unknown,
): Stored['metadata'] => {
  if (metadata.toldBy === undefined && metadata.lateReason === undefined) return metadata
  const after: Fields = { ...metadata }
  for (const key of TEXTS_OF_METADATA) if (key in after) after[key] = visit(after[key], `/metadata/${key}`)
  return after as Stored['metadata']
}

const kept = new WeakMap<z.core.$ZodType, z.core.$ZodType>()

/**
 * What an event's schema says of it as it is kept or once parts of it are erased: where a value is sensitive a sealed one may
 * stand, or what is left of it. Everything else is as strict as it was.
 */
export const keptSchema = (schema: z.core.$ZodType): z.core.$ZodType => {
  const known = kept.get(schema)
  if (known) return known
  const made = makeKept(schema)
  kept.set(schema, made)
  return made
}

const Unreadable = z.string().refine((value) => isSealed(value) || value === ERASED_TEXT)

const makeKept = (schema: z.core.$ZodType): z.core.$ZodType => {
  if (marksOf(schema).sensitive) return z.union([Unreadable, schema])
  const element = elementOf(schema)
  if (element) {
    const inner = keptSchema(element)
    return inner === element ? schema : wrapped(schema, z.array(inner))
  }
  const shape = shapeOf(schema)
  if (!shape) return schema
  const inner = Object.entries(shape).map(([name, field]) => [name, keptSchema(field)] as const)
  if (inner.every(([name, field]) => field === shape[name])) return schema
  return wrapped(schema, z.object(Object.fromEntries(inner)))
}

const isOptional = (schema: z.core.$ZodType): boolean => z.safeParse(schema, undefined).success
const wrapped = <S extends z.ZodType>(schema: z.core.$ZodType, inner: S) =>
  isOptional(schema) ? inner.optional() : inner
