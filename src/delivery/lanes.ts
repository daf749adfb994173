import type { FeedRow } from '#projections/referral-feed.ts'

/** One event that is still to be sent. */
export type Waiting = {
  readonly run: number
  readonly sequence: number
  readonly row: FeedRow
  /** How many attempts there were. */
  readonly attempts: number
  /** On the monotonic clock, in ms. */
  readonly dueAt: number
}

type Lane = { readonly key: string; readonly queue: Waiting[]; state: 'idle' | 'ready' | 'sleeping' | 'out' }

const FEW = 4

/**
 * What waits for one endpoint, a lane for each family: of a family only the first goes out, the next when that is settled;
 * families do not wait for each other. A lane that is parked takes nothing more.
 */
export const openLanes = () => {
  const lanes = new Map<string, Lane>()
  const ready: Lane[] = []
  /** By when they are due, the last one first. */
  const sleeping: Lane[] = []
  const parked = new Set<string>()
  let size = 0

  const dueOf = ({ queue }: Lane): number => queue[0]?.dueAt ?? 0
  const lineUp = (lane: Lane, now: number): void => {
    if (dueOf(lane) <= now) {
      lane.state = 'ready'
      ready.push(lane)
      return
    }
    lane.state = 'sleeping'
    let at = sleeping.length
    while (at > 0 && dueOf(sleeping[at - 1] as Lane) < dueOf(lane)) at -= 1
    sleeping.splice(at, 0, lane)
  }
  const wakeUp = (now: number): void => {
    for (let last = sleeping.at(-1); last && dueOf(last) <= now; last = sleeping.at(-1)) {
      sleeping.pop()
      last.state = 'ready'
      ready.push(last)
    }
  }
  const laneOf = ({ run, row }: Pick<Waiting, 'run' | 'row'>): string => `${run}/${row.familyId}`
  const going = (waiting: Waiting): Lane => {
    const lane = lanes.get(laneOf(waiting))
    if (lane?.state !== 'out') throw new Error('nothing of this family is on its way')
    return lane
  }

  return {
    size: () => size,
    /** False: its lane is parked, and so it is, too. */
    add(waiting: Waiting, now: number): boolean {
      const key = laneOf(waiting)
      if (parked.has(key)) return false
      size += 1
      const lane = lanes.get(key) ?? { key, queue: [], state: 'idle' as const }
      lanes.set(key, lane)
      lane.queue.push(waiting)
      if (lane.state === 'idle') lineUp(lane, now)
      return true
    },
    /** The next one that may go; it is out until `settled` or `again`. */
    next(now: number): Waiting | undefined {
      wakeUp(now)
      const lane = ready.shift()
      if (!lane) return undefined
      lane.state = 'out'
      return lane.queue[0]
    },
    settled(waiting: Waiting, now: number): void {
      const lane = going(waiting)
      lane.queue.shift()
      size -= 1
      if (lane.queue.length > 0) lineUp(lane, now)
      else lanes.delete(lane.key)
    },
    again(waiting: Waiting, next: Pick<Waiting, 'attempts' | 'dueAt'>, now: number): void {
      const lane = going(waiting)
      lane.queue[0] = { ...waiting, ...next }
      lineUp(lane, now)
    },
    /** The whole lane stops. @returns what was waiting behind, in its order */
    park(waiting: Waiting): readonly Waiting[] {
      const lane = going(waiting)
      parked.add(lane.key)
      lanes.delete(lane.key)
      size -= lane.queue.length
      return lane.queue.slice(1)
    },
    /** It was parked before, by whoever sent until now. */
    parkLane: (waiting: Pick<Waiting, 'run' | 'row'>): void => void parked.add(laneOf(waiting)),
    /** Whatever has failed a few times only is due now; what fails while others succeed keeps its time. */
    hurry(now: number): void {
      for (const lane of sleeping.splice(0).reverse()) {
        const [first] = lane.queue
        if (first && first.attempts <= FEW) lane.queue[0] = { ...first, dueAt: now }
        lineUp(lane, now)
      }
    },
    /** None may go now. */
    isAsleep: (now: number): boolean =>
      ready.length === 0 && (sleeping.length === 0 || dueOf(sleeping.at(-1) as Lane) > now),
    /** Everything that is not out. */
    waiting: (): readonly Waiting[] =>
      [...lanes.values()].flatMap(({ state, queue }) => (state === 'out' ? queue.slice(1) : queue)),
  }
}

export type Lanes = ReturnType<typeof openLanes>
