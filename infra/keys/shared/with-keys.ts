import { type EventStore, type Stored, StoreUnavailable } from '#domain/kernel/event-store.ts'
import { labelOf } from '#domain/kernel/keyring.ts'
import { mapTexts } from '#domain/kernel/sealing.ts'

const KEYS_MS = 5_000

/**
 * A stream is read where it is newest, on the server, so it may hold what was sealed with a key that another node made a moment
 * ago. What the copy of the log holds has its keys here; of what is newer it is waited for the keys.
 * @throws StoreUnavailable from `read`, when they do not come
 */
export const withKeys = <S extends EventStore>(
  store: S,
  keys: { knows(keyId: string): boolean },
  replica: { position(): bigint; reached(position: bigint, ms: number): Promise<boolean> },
): S => ({
  ...store,
  async read(stream, from) {
    const events = await store.read(stream, from)
    const isUnread = (event: Stored): boolean =>
      event.position > replica.position() && keyIdsIn(event).some((id) => !keys.knows(id))
    const newest = events.findLast(isUnread)
    if (newest && !(await replica.reached(newest.position, KEYS_MS)))
      throw new StoreUnavailable('the keys that another node has just made are not here yet')
    return events
  },
})

const keyIdsIn = ({ data, metadata }: Stored): readonly string[] => {
  const ids: string[] = []
  mapTexts([data, metadata], '', (sealed) => {
    ids.push(labelOf(sealed).keyId)
    return sealed
  })
  return ids
}
