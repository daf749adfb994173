export type Proposed = {
  readonly id: string
  readonly type: string
  readonly contentType: string
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

export type Recorded = Proposed & {
  readonly stream: string
  readonly revision: bigint
  readonly position: bigint
  /** Its place in the array of all events. */
  readonly index: number
  /** Milliseconds since 1970. */
  readonly at: number
}

export type Stream = {
  readonly events: Recorded[]
  /** Stands in the log but not among the events: its revision is the greatest there is. */
  tombstone?: Recorded
}

export const tombstoneType = '$streamDeleted'
export const tombstoneRevision = 2n ** 63n - 1n
const bytesBesideData = 96

/**
 * What the server holds in memory. Recording and showing are two steps: nobody may read an event
 * that a crash could still take away.
 */
export const createLog = () => {
  const all: Recorded[] = []
  const streams = new Map<string, Stream>()
  const byId = new Map<string, Recorded>()
  const watchers = new Set<() => void>()
  let shown = 0
  // The first position is not 0, which in requests means "before everything".
  let end = 128n

  const streamOf = (name: string): Stream => {
    const known = streams.get(name)
    if (known) return known
    const stream: Stream = { events: [] }
    streams.set(name, stream)
    return stream
  }

  return {
    all,
    stream: (name: string): Stream | undefined => streams.get(name),
    byId: (id: string): Recorded | undefined => byId.get(id),
    shown: () => shown,

    record(name: string, proposed: Proposed, at: number): Recorded {
      const stream = streamOf(name)
      const isTombstone = proposed.type === tombstoneType
      const revision = isTombstone ? tombstoneRevision : BigInt(stream.events.length)
      const event = { ...proposed, stream: name, revision, position: end, index: all.length, at }
      end += BigInt(bytesBesideData + proposed.data.length + proposed.metadata.length)
      all.push(event)
      byId.set(event.id, event)
      if (isTombstone) stream.tombstone = event
      else stream.events.push(event)
      return event
    },

    /** Everything recorded before `index` may be read from now on. */
    show(index: number): void {
      if (index <= shown) return
      shown = index
      for (const watcher of watchers) watcher()
    },

    watch(watcher: () => void): () => void {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },

    /** Index of the first event at or after a position. */
    indexFrom(position: bigint): number {
      let [low, high] = [0, all.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if ((all[middle]?.position ?? 0n) < position) low = middle + 1
        else high = middle
      }
      return low
    },
  }
}

export type Log = ReturnType<typeof createLog>

/** How many events of a stream may be read; those not shown yet stand at its end. */
export const shownIn = (log: Log, stream: Stream | undefined): number => {
  let count = stream?.events.length ?? 0
  while (count > 0 && (stream?.events[count - 1]?.index ?? 0) >= log.shown()) count--
  return count
}
