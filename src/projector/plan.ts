import type { Projection } from '#domain/kernel/projection.ts'
import type { Fold } from '#infra/read-store/fold.ts'
import type { Generation } from '#infra/read-store/registry.ts'
import type { ReadStoreWriter } from '#infra/read-store/writer.ts'

/**
 * What a projection has to work on: its live table, one that was being built when the program last stopped, or else a new
 * one, beside whatever is read until then.
 */
export const foldsFor = (writer: ReadStoreWriter, of: Projection): readonly Fold[] => {
  const mine = writer.generations().filter(({ name }) => name === of.name)
  const kept = mine.filter((generation) => isOfShape(generation, of))
  for (const generation of mine)
    if (!generation.live && !kept.includes(generation)) writer.discard(generation)
  const generations = kept.length > 0 ? kept : [writer.begin(of)]
  return generations.map((generation) => writer.fold(of, generation))
}

const isOfShape = (generation: Generation, { version, columns }: Projection): boolean =>
  generation.version === version && generation.columns.join() === Object.keys(columns).join()

/** Swapped by a newer program while this one was running: taking it back would go to and fro for ever. */
export const isNewer = (writer: ReadStoreWriter, of: Projection): boolean =>
  writer.generations().some(({ live, name, version }) => live && name === of.name && version > of.version)

export const byPosition = (folds: readonly Fold[]): ReadonlyMap<bigint, readonly Fold[]> => {
  const groups = new Map<bigint, Fold[]>()
  for (const fold of folds) groups.set(fold.position(), [...(groups.get(fold.position()) ?? []), fold])
  return groups
}
