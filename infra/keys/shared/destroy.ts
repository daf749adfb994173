import type { Row } from '../row.ts'
import { cleaned } from './clean.ts'
import { sayDestroyed } from './destroyed.ts'
import { familyStream, type KeyFact, streamOf } from './facts.ts'
import type { SharedParts } from './provide.ts'
import { DELETED } from './streams.ts'
import { tidier } from './tidy.ts'

/**
 * In this order: that they are destroyed is said, where it stays; what lies in the streams of others goes; the family's stream ends
 * for ever, at the version at which it was read, so that no key made meanwhile is forgotten and none can be made again.
 * Killed in between, all of it is done again.
 */
export const destroyer = (parts: SharedParts & { readonly now: () => string }) => {
  const { streams, local, now } = parts
  const tidy = tidier(parts)

  return async (family: { readonly familyId: string; readonly because: string }): Promise<number> => {
    const { familyId } = family
    const stream = familyStream(familyId)
    const before = local.ofFamily(familyId).filter(({ wrapped }) => wrapped).length
    for (;;) {
      const found = await streams.read(stream)
      const facts = found === DELETED ? [] : found.facts
      const keys = new Set([...local.ofFamily(familyId).map(({ id }) => id), ...facts.flatMap(keyIn)])
      await sayDestroyed(parts, { ...family, at: now(), keys: [...keys] })
      const elsewhere = [
        ...local.ofFamily(familyId).map(lastStreamOf),
        ...facts.flatMap((fact) => (fact.kind === 'kept' ? (fact.cameFrom ?? []) : [])),
      ]
      for (const other of new Set(elsewhere)) if (other !== stream) await tidy(other)
      if (found === DELETED || (await streams.tombstone(stream, found.version))) break
    }
    local.forget(familyId)
    await cleaned(local)
    return before
  }
}

const keyIn = (fact: KeyFact): readonly string[] => {
  if (fact.kind === 'kept') return [fact.row.id]
  return fact.kind === 'shared' ? [fact.key] : []
}

/** A destroyed key has left its stream's name free (`shared/copy.ts`). */
const lastStreamOf = ({ id, owner, family }: Row): string =>
  streamOf({ family, owner: owner.endsWith(id) ? owner.slice(0, -id.length) : owner })
