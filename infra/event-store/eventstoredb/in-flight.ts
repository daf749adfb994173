import { unknownOutcome } from '#infra/eventstoredb/errors.ts'
import { within } from '#infra/eventstoredb/within.ts'
import type { Place } from '../admit.ts'

/**
 * Ids that this process is appending, or has appended and not yet found in its copy of the log. Only within one process: across nodes
 * the same id at the same place is settled by the server, at two places by nobody (docs/adr/0014).
 */
export const inFlight = () => {
  const appending = new Map<string, Promise<unknown>>()
  const appended = new Map<string, Place>()
  return {
    /** Resolves when nobody is appending any of these. @throws StoreUnavailable  somebody still is at `until` */
    async free(ids: readonly string[], until: number): Promise<void> {
      for (;;) {
        const busy = ids.flatMap((id) => appending.get(id) ?? [])
        if (busy.length === 0) return
        const left = Math.max(until - performance.now(), 0)
        await within(Promise.allSettled(busy), left).catch(unknownOutcome)
      }
    },
    hold(ids: readonly string[], work: Promise<unknown>): void {
      for (const id of ids) appending.set(id, work)
      const release = () => {
        for (const id of ids) appending.delete(id)
      }
      work.then(release, release)
    },
    note(ids: readonly string[], stream: string, version: number, position: number): void {
      const first = version - ids.length + 1
      for (const [i, id] of ids.entries()) appended.set(id, { stream, version: first + i, position })
    },
    /** `position` is that of the append's last event. */
    placeOf: (id: string): Place | undefined => appended.get(id),
    /**
     * The copy has come so far: it knows them itself. They lie nearly in log order, so it is not looked beyond the first that has
     * not come: while the copy is far behind, each append would otherwise go through all that wait.
     */
    arrived(position: bigint): void {
      for (const [id, place] of appended) {
        if (place.position > position) return
        appended.delete(id)
      }
    },
  }
}
