import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Received, type Receiver, startReceiver } from '#test/kit/receiver.ts'
import type { DeliveryLine, SubscriptionPage } from '#test/kit/sending.ts'
import { eventually } from '../kit/node.ts'
import { type Hostility, hostilities } from './kit/hostile.ts'
import { type Serving, startServing } from './kit/serving.ts'
import { registerFamilies, startWork } from './kit/working.ts'

t.setTimeout(280_000)

const FAMILIES = 20
const PER_SECOND = 10
const WELL_MS = 12_000
/** Twice and a half the deadline of an exchange. */
const HOSTILE_MS = 40_000
const MOST_MS = 15_500
const DEADLINE_MS = 15_000
/** Receivers that hold up others do so all the time; a machine that is busy with something else does so for a moment. */
const PARTS = 5
const MOST_MB = 64
/** What is begun before the first answers come, and a try now and then. Without a breaker: each family twice. */
const MOST_IN_VAIN = 20

/** Who said that nobody should come has to say that they may. All others are found to be well again. */
const ASKED_FOR: Readonly<Record<string, string>> = { 'is gone': 'enable', 'wants peace': 'release-parked' }
/** An endpoint has rested for 5, 10 and 20 s by then, and rests for 40. */
const FOUND_WITHIN_MS = 100_000

type Line = Omit<DeliveryLine, 'attempts'> & { readonly attempts: readonly { readonly ms?: number }[] }
type Bad = Hostility & { readonly id: string; readonly receiver: Receiver }

/** An inner address that a redirect leads to. */
const openTrap = async (t: Test) => {
  let connections = 0
  const trap = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(trap, 'listening')
  t.teardown(() => void trap.close())
  const { port } = trap.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, connections: () => connections }
}

const linesOf = async (house: Serving, id: string): Promise<readonly Line[]> => {
  const lines: Line[] = []
  for (let cursor = ''; ; ) {
    const asked = `subscriptions/${id}/deliveries?limit=500${cursor && `&cursor=${cursor}`}`
    const page = await house.read<{ deliveries: readonly Line[]; next?: string }>(asked)
    lines.push(...page.deliveries)
    if (page.next === undefined) return lines
    cursor = encodeURIComponent(page.next)
  }
}

const pageOf = (house: Serving, id: string) => house.read<SubscriptionPage>(`subscriptions/${id}`)

/** The most that the process has had while something was done. */
const peakMb = async (house: Serving, during: () => Promise<unknown>): Promise<number> => {
  let peak = house.residentMb()
  const timer = setInterval(() => {
    peak = Math.max(peak, house.residentMb())
  }, 250)
  await during().finally(() => clearInterval(timer))
  return peak
}

/** From what the program itself took for the moment of recording, which is before the commit, to the whole request. */
const latencyOf = ({ at, event }: Received): number =>
  performance.timeOrigin + at - Date.parse(String(event.data.recordedAt))

const quantile = (samples: readonly number[], share: number): number =>
  [...samples].sort((a, b) => a - b)[Math.floor(samples.length * share)] ?? Number.NaN

/** Numbers per family in the order of arrival; what came twice, when it came first. */
const isInOrder = (taken: readonly Received[]): boolean => {
  const last = new Map<string, number>()
  const firsts = [...new Map(taken.toReversed().map((one) => [one.id, one])).values()].sort(
    (a, b) => a.at - b.at,
  )
  return firsts.every(({ event: { partitionkey, sequence } }) => {
    const isNext = Number(sequence) > (last.get(partitionkey) ?? 0)
    last.set(partitionkey, Number(sequence))
    return isNext
  })
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1)

const idsOf = (received: readonly Received[]): readonly string[] =>
  [...new Set(received.map(({ id }) => id))].sort(byText)

const checkHealthy = (t: Test, { taken }: Receiver, ids: readonly string[], beside: readonly Received[]) => {
  const latencies = beside.map(latencyOf)
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
  t.comment(`healthy: ${taken.length} events, ${beside.length} of them beside the hostile ones`)
  t.comment(`commit to arrival p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`)
  t.ok(beside.length > (HOSTILE_MS / 1_000) * PER_SECOND * 0.8, 'they came steadily')
  const parts = Array.from({ length: PARTS }, (_, i) => {
    const from = (i * latencies.length) / PARTS
    return quantile(latencies.slice(from, from + latencies.length / PARTS), 0.99)
  })
  const usual = quantile(parts, 0.5)
  t.ok(usual < 1_000, `p99 of each part: ${parts.map((ms) => ms.toFixed(0)).join(', ')} ms`)
  t.strictSame(taken.map(({ id }) => id).sort(byText), ids, 'every event, once')
  t.ok(isInOrder(taken), 'in order per family')
}

/** What it was told and said yes to. */
const acceptedBy = ({ takes, receiver }: Bad): readonly Received[] =>
  takes ? receiver.received : receiver.taken

/** Nothing is delivered but what was taken, and nothing is over but what was delivered. @returns how long each attempt took */
const checkLog = async (t: Test, house: Serving, bad: Bad, events: number): Promise<readonly number[]> => {
  const { name, id, receiver, takes } = bad
  const lines = await linesOf(house, id)
  const taken = new Set(acceptedBy(bad).map((one) => one.id))
  const delivered = lines.filter(({ state }) => state === 'delivered')
  const waiting = lines.filter(({ state }) => state === 'failed')
  const ms = lines.flatMap(({ attempts }) => attempts.map((attempt) => attempt.ms ?? 0))
  const counts = `${delivered.length} delivered, ${waiting.length} waiting`
  t.comment(`${name}: ${receiver.received.length} requests; ${counts}; longest ${Math.max(...ms)} ms`)
  t.equal(delivered.length + waiting.length, lines.length, `${name}: nothing is given up`)
  t.ok(
    delivered.every(({ eventId }) => taken.has(eventId)),
    `${name}: delivered is what was taken`,
  )
  if (!takes) t.ok(receiver.received.length - taken.size <= MOST_IN_VAIN, `${name}: is soon left alone`)
  if (name === 'endless body') t.ok(delivered.length > events * 0.8, `${name}: is not listened to`)
  const page = await pageOf(house, id)
  if (name === 'is gone') t.match(page, { state: 'disabled', disabled: { because: 'gone' } })
  else t.equal(page.state, 'active', name)
  return ms
}

const checkAllComes = async (t: Test, house: Serving, bad: Bad, ids: readonly string[]): Promise<void> => {
  const { name, id } = bad
  const hasAll = async () => (await pageOf(house, id)).progress.delivered >= ids.length
  await eventually(`${name} has everything`, hasAll, FOUND_WITHIN_MS)
  t.strictSame(idsOf(acceptedBy(bad)), ids, `${name}: nothing was lost`)
  t.ok(isInOrder(acceptedBy(bad)), `${name}: in order per family`)
}

t.test(
  'nine hostile receivers hold up neither the healthy one nor the program, and lose nothing',
  async (t) => {
    const house = await startServing(t)
    const trap = await openTrap(t)
    const healthy = await startReceiver(t)
    await house.subscribe('healthy', healthy.url)
    const nine: Bad[] = []
    for (const hostility of hostilities(trap.url)) {
      const receiver = await startReceiver(t)
      nine.push({ ...hostility, receiver, ...(await house.subscribe(hostility.name, receiver.url)) })
    }
    const work = startWork(house, await registerFamilies(house, FAMILIES), PER_SECOND)
    const before = await peakMb(house, () => pause(WELL_MS))

    for (const { receiver, behave } of nine) receiver.behave(behave)
    const turned = performance.now()
    const during = await peakMb(house, () => pause(HOSTILE_MS))
    const turnedBack = performance.now()
    const ids = [...(await work.stop())].sort(byText)
    await eventually('the healthy one has everything', () => healthy.taken.length >= ids.length, 10_000)
    const beside = healthy.taken.filter(({ at }) => at > turned && at < turnedBack)
    checkHealthy(t, healthy, ids, beside)
    t.comment(`resident memory of the program: ${before.toFixed(0)} MB, then ${during.toFixed(0)} MB`)
    t.ok(during - before < MOST_MB, `${(during - before).toFixed(0)} MB more than with ten healthy ones`)
    t.equal(trap.connections(), 0, 'nobody was led inwards')

    const attempts: number[] = []
    for (const bad of nine) attempts.push(...(await checkLog(t, house, bad, ids.length)))
    const longest = Math.max(...attempts)
    t.comment(`${attempts.length} attempts, the longest ${longest} ms`)
    t.ok(longest < MOST_MS, 'none was held longer than is allowed')
    t.ok(longest >= DEADLINE_MS, 'and some as long')

    for (const { id, name, receiver } of nine) {
      receiver.behave(() => 204)
      const asked = ASKED_FOR[name]
      if (asked) await house.give('integration', `subscriptions/${id}/${asked}`)
    }
    for (const bad of nine) await checkAllComes(t, house, bad, ids)
    t.equal(healthy.taken.length, ids.length, 'the healthy one is not told again')
    t.strictSame(house.errors(), [])
  },
)
