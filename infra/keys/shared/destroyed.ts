import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { DESTROYED_STREAM, type Destroyed, type KeyFact, keysDestroyed } from './facts.ts'
import type { SharedParts } from './provide.ts'
import { DELETED } from './streams.ts'

/** @returns the version of the stream that says what was destroyed; all of it is known here now */
export const catchUpDestroyed = async ({ streams, copy }: SharedParts): Promise<number> => {
  const found = await streams.read(DESTROYED_STREAM, copy.destroyedUpTo())
  if (found === DELETED) throw new StoreUnavailable('what was destroyed on the cluster cannot be read')
  copy.take(found.facts)
  return found.version
}

/**
 * Says, for ever and before it is done, which keys are destroyed; what has been said is not said again. The first to say it of a
 * family says when and why, for all nodes.
 */
export const sayDestroyed = async (parts: SharedParts, destroyed: Destroyed): Promise<void> => {
  const { streams, copy, local } = parts
  for (;;) {
    const version = await catchUpDestroyed(parts)
    const keys = destroyed.keys.filter((id) => !local.isGone(id))
    if (keys.length === 0 && local.destroyed(destroyed.familyId)) return
    const at = await streams.append(DESTROYED_STREAM, version, [keysDestroyed({ ...destroyed, keys })])
    if (typeof at !== 'bigint') continue
    const { at: when, ...rest } = { ...destroyed, keys }
    const fact: KeyFact = { kind: 'destroyed', at, version: version + 1, when, ...rest }
    copy.take([fact])
    return
  }
}
