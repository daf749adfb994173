import { readFileSync } from 'node:fs'
import { catalogue } from '#domain/events.ts'
import type { AnyEvent, Catalogue } from '#domain/kernel/event.ts'
import { schemaVersionOf } from '#domain/kernel/event.ts'
import type { Actor } from '#domain/kernel/metadata.ts'

/** Something that has happened; by a hub's partner on the morning of story A unless said. */
export type Fact = AnyEvent & { readonly by?: Actor; readonly on?: string }

export type FactName = keyof typeof catalogue

/** A golden file: an event as some version of the program wrote it, and what it means today where that differs. */
export type Golden = {
  readonly type: string
  readonly schemaVersion: number
  readonly data: Readonly<Record<string, unknown>>
  readonly current?: Readonly<Record<string, unknown>>
}

export const goldenDirectory = new URL('../golden/', import.meta.url)

export const readGolden = (file: string): Golden =>
  JSON.parse(readFileSync(new URL(file, goldenDirectory), 'utf8')) as Golden

/** The golden example of a fact, with some fields changed; `undefined` takes a field away. */
export const fact = (type: FactName, changes: Readonly<Record<string, unknown>> = {}): Fact => {
  const spec = (catalogue as Catalogue)[type]
  if (!spec) throw new Error(`${type} is not in the catalogue`)
  const stranger = Object.keys(changes).find((name) => !(name in spec.schema.shape))
  if (stranger !== undefined) throw new Error(`${type} has no field ${stranger}`)
  const example = readGolden(`${type}.v${schemaVersionOf(spec)}.json`).data
  return { type, data: spec.schema.parse({ ...example, ...changes }) }
}

/** The same facts, done by somebody else. */
export const by = (actor: Actor, ...facts: readonly Fact[]): readonly Fact[] =>
  facts.map((each) => ({ ...each, by: actor }))
/** The same fact, at another time. */
export const on = (day: string, happened: Fact): Fact => ({ ...happened, on: day })
