import type { AnyEvent, Recorded, StreamName } from '#domain/kernel/event.ts'
import { streamName } from '#domain/kernel/event.ts'
import type { EventStore, Stored } from '#domain/kernel/event-store.ts'
import type { Fold } from '#domain/kernel/lifecycle.ts'

export type Folded<S> = { readonly state: S; readonly version: number }

/** How many folded streams are kept; a few hundred bytes each. */
const CAPACITY = 20_000

/**
 * Folds of the streams that many commands look at: a site, an organisation, a family. Streams only grow, so what was folded
 * stays true and only what came since is read: the answer is as fresh as a full read.
 */
export const foldCache = (store: EventStore, decode: (stored: Stored) => Recorded<AnyEvent>) => {
  const kept = new Map<Fold<unknown>, Map<StreamName, Folded<unknown>>>()

  const look = async <S>(fold: Fold<S>, id: string): Promise<Folded<S>> => {
    const stream = streamName(fold.category, id)
    const folds = kept.get(fold) ?? new Map<StreamName, Folded<unknown>>()
    kept.set(fold, folds)
    // Under this key lies only what this very fold has made.
    const known = (folds.get(stream) as Folded<S> | undefined) ?? { state: fold.initial, version: 0 }
    const news = await store.read(stream, known.version + 1)
    if (news.length === 0) return known
    const state = news
      .map(decode)
      .reduce((before, event) => fold.evolve(before, event, { ...event.metadata }), known.state)
    const folded = { state, version: known.version + news.length }
    if (folds.size >= CAPACITY) folds.delete(folds.keys().next().value ?? stream)
    folds.delete(stream)
    folds.set(stream, folded)
    return folded
  }
  /** Everything remembered goes: what was erased must not live on in it. */
  const forget = () => kept.clear()
  return Object.assign(look, { forget })
}

export type FoldCache = ReturnType<typeof foldCache>
