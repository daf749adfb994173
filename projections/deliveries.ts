import type { Delivery, DeliveryOutcome } from '#domain/delivery/events.ts'
import type { DomainEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection, type Rows } from '#domain/kernel/projection.ts'

export type Attempt = {
  readonly at: string
  readonly status?: number | undefined
  readonly reason?: string | undefined
  readonly ms?: number | undefined
}

/** What became of one event for one subscription. */
export type DeliveryRow = {
  readonly kind: 'delivery'
  readonly subscription: string
  readonly run: number
  readonly sequence: number
  readonly looked: number
  readonly eventId: string
  readonly referralId: string
  readonly state: DeliveryOutcome
  /** How often parked ones had been released when it was parked: with more releases since, it is to be tried again. */
  readonly release: number
  readonly attempts: readonly Attempt[]
  /** Of the schedule that is running: begun again when it was released. */
  readonly tries: number
  readonly at: string
  readonly nextAt?: string | undefined
}

/** How far a subscription, or one of its replays, has come. */
export type RunRow = {
  readonly kind: 'run'
  readonly subscription: string
  readonly run: number
  /** Everything up to here is answered in one way or another. */
  readonly looked: number
  readonly sequence: number
  /** The newest of which anything is known. */
  readonly highest: number
  /** Where a replay ends. */
  readonly upTo?: number
  readonly delivered: number
  readonly withheld: number
  readonly parked: number
  /** How often what was parked has been released, over all runs: kept in run 0. */
  readonly releases: number
  readonly lastDeliveredAt?: string
  /** The first failure since something was delivered or released, over all runs: kept in run 0. */
  readonly failingSince?: string | undefined
}

type Row = DeliveryRow | RunRow

/** Deliveries by number, attempts and all, and how far each run has come: what whoever takes over the sending goes on from. */
export const deliveries = projection<Row, DomainEvent>()({
  name: 'deliveries',
  version: 1,
  columns: {
    subscription: { type: 'text', of: ({ subscription }) => subscription },
    run: { type: 'integer', of: ({ run }) => run },
    sequence: { type: 'integer', of: (row) => (row.kind === 'delivery' ? row.sequence : null) },
    state: { type: 'text', of: (row) => (row.kind === 'delivery' ? row.state : row.kind) },
    release: { type: 'integer', of: (row) => (row.kind === 'delivery' ? row.release : null) },
    referral: { type: 'text', of: (row) => (row.kind === 'delivery' ? row.referralId : null) },
  },
  indexes: [['subscription', 'run', 'sequence'], ['subscription', 'state', 'release'], ['referral']],
  apply({ type, stream, data }, rows) {
    const subscription = idIn(stream)
    if (type === 'SubscriptionCreated') begin(subscription, 0, data.after, rows)
    if (type === 'ReplayRequested') begin(subscription, data.replay, data.after, rows, data.upTo)
    if (type === 'ParkedReleased' || type === 'SubscriptionEnabled') release(subscription, rows)
    if (type === 'DeliveriesRecorded')
      for (const delivery of data.deliveries) record(subscription, delivery, rows)
  },
})

export const runKey = (subscription: string, run: number): string => `${subscription}/${run}`
export const deliveryKey = (subscription: string, run: number, sequence: number): string =>
  `${subscription}/${run}/${sequence}`

export const asDelivery = (row: Row | undefined): DeliveryRow | undefined =>
  row?.kind === 'delivery' ? row : undefined
export const asRun = (row: Row | undefined): RunRow | undefined => (row?.kind === 'run' ? row : undefined)

const begin = (
  subscription: string,
  run: number,
  after: { readonly looked: number; readonly sequence: number },
  rows: Rows<Row>,
  upTo?: number,
): void =>
  rows.put(runKey(subscription, run), {
    kind: 'run',
    subscription,
    run,
    ...after,
    highest: after.sequence,
    ...(upTo !== undefined && { upTo }),
    delivered: 0,
    withheld: 0,
    parked: 0,
    releases: 0,
  })

const release = (subscription: string, rows: Rows<Row>): void => {
  const run = asRun(rows.get(runKey(subscription, 0)))
  if (!run) return
  const { failingSince: _, ...rest } = run
  rows.put(runKey(subscription, 0), { ...rest, releases: run.releases + 1 })
}

export const isFinal = ({ state }: DeliveryRow): boolean => state !== 'failed' && state !== 'parked'

/** Answered for good, as far as is known: `releases` of now. */
const isSettled = (row: DeliveryRow, releases: number): boolean =>
  isFinal(row) || (row.state === 'parked' && row.release >= releases)

/** What is settled stays so: a node that was relieved may still tell of an attempt of its own. That it was delivered is always news. */
const record = (subscription: string, delivery: Delivery, rows: Rows<Row>): void => {
  const { run, sequence, looked, eventId, referralId, outcome, nextAt } = delivery
  const key = deliveryKey(subscription, run, sequence)
  const before = asDelivery(rows.get(key))
  const releases = asRun(rows.get(runKey(subscription, 0)))?.releases ?? 0
  const isNews =
    !before || !isSettled(before, releases) || (outcome === 'delivered' && before.state !== 'delivered')
  const { state, at } = isNews ? { state: outcome, at: delivery.at } : before
  const attempt = delivery.attempt > 0 ? [attemptIn(delivery)] : []
  rows.put(key, {
    kind: 'delivery',
    subscription,
    run,
    sequence,
    looked,
    eventId,
    referralId,
    state,
    release: releases,
    attempts: [...(before?.attempts ?? []), ...attempt].slice(-MOST_ATTEMPTS),
    tries: delivery.attempt,
    at,
    ...(state === 'failed' && { nextAt }),
  })
  if (isNews) count(subscription, delivery, before, rows)
}

/** A whole schedule, and a few by hand. */
const MOST_ATTEMPTS = 20

const attemptIn = ({ at, status, reason, ms }: Delivery): Attempt => ({
  at,
  ...(status !== undefined && { status }),
  ...(reason !== undefined && { reason }),
  ...(ms !== undefined && { ms }),
})

const count = (
  subscription: string,
  { run, sequence, outcome, at }: Delivery,
  before: DeliveryRow | undefined,
  rows: Rows<Row>,
): void => {
  const known = asRun(rows.get(runKey(subscription, run)))
  if (!known) return
  const is = (state: string) => (outcome === state ? 1 : 0)
  const wasParked = before?.state === 'parked' ? 1 : 0
  const next = {
    ...known,
    highest: Math.max(known.highest, sequence),
    delivered: known.delivered + is('delivered'),
    withheld: known.withheld + is('withheld'),
    parked: known.parked + is('parked') - wasParked,
    ...(outcome === 'delivered' && { lastDeliveredAt: at }),
  }
  rows.put(runKey(subscription, run), settledUpTo(next, rows))
  noteFailing(subscription, outcome, at, rows)
}

/** As far as everything in a row is answered. */
const settledUpTo = (run: RunRow, rows: Rows<Row>): RunRow => {
  let { looked, sequence } = run
  for (;;) {
    const next = asDelivery(rows.get(deliveryKey(run.subscription, run.run, sequence + 1)))
    // What was parked and released since lies below: it is looked for by its state.
    if (!next || next.state === 'failed') return { ...run, looked, sequence }
    looked = next.looked
    sequence = next.sequence
  }
}

const noteFailing = (subscription: string, outcome: DeliveryOutcome, at: string, rows: Rows<Row>): void => {
  const run = asRun(rows.get(runKey(subscription, 0)))
  if (!run || outcome === 'withheld' || outcome === 'givenUp') return
  const { failingSince: since, ...rest } = run
  if (outcome === 'delivered') {
    if (since !== undefined) rows.put(runKey(subscription, 0), rest)
  } else if (since === undefined) rows.put(runKey(subscription, 0), { ...rest, failingSince: at })
}
