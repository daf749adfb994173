import { catalogue, type RecordedEvent } from '#domain/events.ts'
import { type StreamName, streamName } from '#domain/kernel/event.ts'
import { elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'

/** `since`: the position from which the link is known. */
export type Link = { readonly rel: string; readonly stream: StreamName; readonly since: string }

/** Things with an entry of their own on a family's timeline; people and places are not entries. */
const ENTRIES = new Set([
  'visit',
  'notice',
  'consultation',
  'consent',
  'referral',
  'careRequest',
  'membership',
  'watchOver',
])

type Field = { readonly name: string; readonly rel: string; readonly category: string }

/** Which fields of a fact point to other entries: said by their ids, so that a new fact is linked without a line here. */
const fieldsByType = new Map<string, readonly Field[]>(
  Object.entries(catalogue).map(([type, { schema }]) => [
    type,
    Object.entries(shapeOf(schema) ?? {}).flatMap(([name, field]) => {
      const element = elementOf(field)
      const category = marksOf(field).refersTo ?? (element && marksOf(element).refersTo)
      return category && ENTRIES.has(category)
        ? [{ name, category, rel: name.replace(/(Id|Ids|Ref|Refs)$/, '') }]
        : []
    }),
  ]),
)

/** From this entry to the ones it came from: consultation → notice, referral → consultation and consent … */
export const linksFrom = ({ type, data, position }: RecordedEvent): readonly Link[] =>
  (fieldsByType.get(type) ?? []).flatMap(({ name, rel, category }) => {
    const value: unknown = (data as Readonly<Record<string, unknown>>)[name]
    const ids = Array.isArray(value) ? value : [value]
    return ids
      .filter((id) => typeof id === 'string')
      .map((id) => ({ rel, stream: streamName(category, id), since: String(position) }))
  })
