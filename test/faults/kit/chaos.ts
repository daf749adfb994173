import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import type { Node } from './node.ts'
import type { Random } from './random.ts'

const blows = [
  'a node is killed',
  'the one that holds the lease is killed',
  'the event store is killed',
  'the event store is frozen',
  'Redis is killed',
  'Redis forgets everything',
] as const
export type Blow = (typeof blows)[number]

/** Dealt in another order each time, so that each kind comes. */
const deck: readonly Blow[] = [
  blows[0],
  blows[0],
  blows[0],
  blows[1],
  blows[1],
  blows[1],
  blows[2],
  blows[3],
  blows[4],
  blows[5],
]

type Target = Pick<Cluster, 'double' | 'redis' | 'nodes'>

/** A blow that is struck lasts until what was hit runs again; one that finds nothing standing to be hit is none. */
const blowsOn = ({ double, redis, nodes }: Target, random: Random) => {
  const down = new Set<unknown>()
  const hit = (what: unknown, work: () => Promise<void>): Promise<void> | undefined => {
    if (down.has(what)) return undefined
    down.add(what)
    return work().finally(() => down.delete(what))
  }
  /** One that has not come up yet is let be, or none would ever do any work. */
  const fell = (node: Node | undefined) =>
    node?.isOpen()
      ? hit(node, async () => {
          await node.kill()
          await pause(random.between(0, 3_000))
          node.start()
        })
      : undefined
  const holder = async (): Promise<Node | undefined> => {
    const pid = await holderIn(redis.url)
    return nodes.find((node) => node.pid() === pid)
  }
  const strike: Readonly<Record<Blow, () => Promise<Promise<void>[]>>> = {
    'a node is killed': async () => some(fell(random.pick(nodes))),
    'the one that holds the lease is killed': async () => some(fell(await holder())),
    'the event store is killed': async () =>
      some(
        hit(double, async () => {
          await double.kill()
          await pause(random.between(0, 3_000))
          await double.restart()
        }),
      ),
    'the event store is frozen': async () =>
      some(
        hit(double, async () => {
          double.freeze()
          await pause(random.between(1_000, 6_000))
          double.thaw()
        }),
      ),
    'Redis is killed': async () =>
      some(
        hit(redis, async () => {
          await redis.kill()
          await pause(random.between(0, 15_000))
          await redis.restart()
        }),
      ),
    'Redis forgets everything': async () => some(hit(redis, () => redis.flush())),
  }
  return strike
}

/** In a list: a promise alone would be waited for. */
const some = <T>(one: T | undefined): T[] => (one === undefined ? [] : [one])

/** Strikes until `ms` have passed; then everything runs again. @returns how often each blow came */
export const storm = async (
  target: Target,
  random: Random,
  ms: number,
): Promise<Readonly<Record<Blow, number>>> => {
  const strike = blowsOn(target, random)
  const counts = Object.fromEntries(blows.map((blow) => [blow, 0])) as Record<Blow, number>
  const healing: Promise<void>[] = []
  let dealt: Blow[] = []
  const next = (): Blow => {
    if (dealt.length === 0) dealt = shuffled(deck, random)
    return dealt.pop() ?? blows[0]
  }
  for (const end = performance.now() + ms; performance.now() < end; ) {
    const blow = next()
    const struck = await strike[blow]()
    healing.push(...struck)
    counts[blow] += struck.length
    await pause(struck.length > 0 ? random.between(2_000, 12_000) : 50)
  }
  await Promise.all(healing)
  return counts
}

const shuffled = <T>(of: readonly T[], random: Random): T[] =>
  of
    .map((one) => ({ one, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one)

/** The process that Redis names as holder of the processes' lease. */
export const holderIn = async (url: string): Promise<number | undefined> => {
  const answer = await ask(url, ['KEYS', 'tsunagi:{lease:processes:*}'])
    .then((keys) => /tsunagi:\{lease:[^}]+\}(?=\r)/.exec(keys)?.[0])
    .then((key) => (key === undefined ? '' : ask(url, ['GET', key])))
    .catch(() => '')
  const pid = /\/(\d+) /.exec(answer)?.[1]
  return pid === undefined ? undefined : Number(pid)
}

const ask = (url: string, words: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname, () => socket.write(`${words.join(' ')}\r\n`))
    socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')))
    socket.once('data', (answer) => {
      resolve(answer.toString())
      socket.destroy()
    })
    socket.once('error', reject)
    // Killed between the question and the answer, it says goodbye without an error.
    socket.once('close', () => reject(new Error('no answer')))
  })
