import { z } from 'zod'
import type { AnyEvent, Catalogue, EventOf, Recorded } from './event.ts'
import { schemaVersionOf } from './event.ts'
import type { Stored } from './event-store.ts'
import { inPlace, keptSchema } from './sealing.ts'

/** The log holds something this program cannot read. Whoever meets it stops there; nothing is skipped. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent'
}

/**
 * Brings a stored event to today's shape: upcasts from its version on, then the schema has the last word. `read`: what becomes
 * of sealed values; they stay as they are unless `openedBy` a keyring.
 */
export const decoder = <C extends Catalogue>(catalogue: C, read: (stored: Stored) => Stored = inPlace) => {
  return (kept: Stored): Recorded<EventOf<C>> => {
    const stored = read(kept)
    const spec = Object.hasOwn(catalogue, stored.type) ? catalogue[stored.type] : undefined
    const where = `${stored.type} v${stored.schemaVersion} at position ${stored.position}`
    if (!spec) throw new UnreadableEvent(`${where}: not in the catalogue`)
    if (stored.schemaVersion > schemaVersionOf(spec))
      throw new UnreadableEvent(`${where}: written by a newer version of this program`)
    const steps = spec.upcasts?.slice(stored.schemaVersion - 1) ?? []
    const data = steps.reduce<Readonly<Record<string, unknown>>>(
      (older, upcast) => upcast(older),
      stored.data,
    )
    const parsed = z.safeParse(keptSchema(spec.schema), data)
    if (!parsed.success)
      throw new UnreadableEvent(
        `${where}: ${parsed.error.issues.map((i) => `/${i.path.join('/')} ${i.code}`)}`,
      )
    // The catalogue's own schema has just said so; TypeScript cannot follow a lookup by name.
    return { ...stored, data: parsed.data } as AnyEvent as Recorded<EventOf<C>>
  }
}
