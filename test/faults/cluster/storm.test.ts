import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { ERASED } from '#domain/kernel/keyring.ts'
import { publishedReferralEvents } from '#domain/referral/events.ts'
import { keyringOf } from '#src/cli/open.ts'
import { newId } from '#test/kit/door.ts'
import { noRedis } from '#test/kit/redis.ts'
import { type Blow, storm } from '../kit/chaos.ts'
import { client } from '../kit/client.ts'
import { startCluster } from '../kit/cluster.ts'
import { readFeed } from '../kit/feed.ts'
import { wrongConsequences } from '../kit/follows.ts'
import { brokenPromises, defectsOf, openAsNewcomer, sealedAbout } from '../kit/log.ts'
import { eventually } from '../kit/node.ts'
import { randomFrom, seed } from '../kit/random.ts'
import { verdictsOn } from '../kit/views.ts'
import { recordVisit, registerFamily, talk, visitByStranger, WORDS, write } from '../kit/work.ts'

/** Five minutes where everything is checked; shorter at a desk. `STORM_SECONDS` says otherwise. */
const SECONDS = Number(process.env.STORM_SECONDS ?? (process.env.CI === 'true' ? 300 : 45))
const LONG_ENOUGH = 300
const WRITERS = 3
const FAMILIES = 6
const READS = 100
/** Of two letters in the place of one: all else that the writers ask for is possible. */
const LOST_THE_RACE = 'referral/supersedes-not-declined'

t.setTimeout((SECONDS + 600) * 1_000)

await t.test(`two nodes, three writers, kills for ${SECONDS} s`, { skip: noRedis }, async (t) => {
  t.comment(`SEED=${seed} STORM_SECONDS=${SECONDS}`)
  const random = randomFrom(seed)
  const cluster = await startCluster(t)
  const { nodes, tokens } = cluster
  const [one, other] = nodes
  if (!one || !other) throw new Error('two nodes')
  for (const node of nodes) await eventually(`${node.name} is ready`, node.isReady)
  const writer = client({ nodes, tokens, random: randomFrom(seed + 1) })
  const families = await Promise.all(Array.from({ length: FAMILIES }, () => registerFamily(writer)))

  // A family whose data is erased in the middle of it; nobody writes about it then.
  const erased = await registerFamily(writer)
  await recordVisit(writer, erased)
  await talk(writer, erased)
  await visitByStranger(writer, erased)

  let isOver = false
  const writing = Array.from({ length: WRITERS }, (_, i) =>
    write({ client: writer, families, random: randomFrom(seed + 2 + i), isOver: () => isOver }),
  )
  const erasing = pause((SECONDS * 1_000) / 3).then(() =>
    writer.give('director', `retention/${erased}/erase-personal-data`, { why: 'suspensionRequest' }),
  )
  const blows = await storm(cluster, random, SECONDS * 1_000)
  isOver = true
  const calmedAt = performance.now()
  await Promise.all([...writing, erasing])
  for (const node of nodes) await eventually(`${node.name} is ready again`, node.isReady)
  t.comment(
    `everybody has an answer and both nodes are ready ${seconds(performance.now() - calmedAt)} s after the last blow`,
  )
  t.equal(writer.open.size, 0, 'every command came to an end')
  t.strictSame(
    writer.finals
      .filter(({ receipt, code }) => !receipt && code !== LOST_THE_RACE)
      .map(({ path, code }) => `${path} ${code}`),
    [],
    'nobody is refused what is possible: by a node that is behind, or because it is done',
  )

  await t.test('what is written on one node is read on the other', async (t) => {
    let behind = 0
    for (let i = 0; i < READS; i++) {
      const id = newId()
      const [at, reads] = i % 2 === 0 ? [one, other] : [other, one]
      const family = random.pick(families)
      const here = client({ nodes: [at], tokens, random })
      const { receipt } = await recordVisit(here, family, {}, id)
      const answer = await fetch(`${reads.origin}/v1/families/${family}/timeline?order=newest&limit=50`, {
        headers: { authorization: `Bearer ${tokens.nakamura}`, 'min-position': String(receipt?.position) },
      })
      const text = await answer.text()
      if (answer.status !== 200 || !text.includes(id)) behind += 1
    }
    t.equal(behind, 0, `${READS} reads`)
  })

  const newcomer = await openAsNewcomer(cluster.config(cluster.directory('newcomer')))
  t.teardown(() => newcomer.close())
  const read = () => newcomer.store.after(0n, Number.MAX_SAFE_INTEGER)
  const settling = await eventually(
    'what follows is recorded',
    async () => wrongConsequences(await read()).length === 0,
    60_000,
  ).catch(() => undefined)
  const log = await read()
  t.strictSame(wrongConsequences(log), [], 'every consequence is recorded, and once')
  t.ok(settling !== undefined)

  t.strictSame(defectsOf(log), [], 'the log is sound')
  t.strictSame(
    brokenPromises(log, writer.finals),
    [],
    'everything acknowledged is there, once, where it was said to be',
  )

  await t.test('the feed is gapless, the same on both nodes, and what the log says', async (t) => {
    const expected = log.filter(({ type }) => publishedReferralEvents.has(type)).map(({ id }) => id)
    const feeds = await Promise.all(nodes.map((node) => readFeed(node, tokens)))
    for (const feed of feeds) {
      t.strictSame(
        feed.map(({ sequence }) => Number(sequence)),
        feed.map((_, i) => i + 1),
        `1 to ${feed.length} without a hole`,
      )
      t.strictSame(
        feed.map(({ id }) => id),
        expected,
      )
    }
    t.strictSame(feeds[0], feeds[1])
  })

  await t.test('nothing of the erased family can be read, on either node', async (t) => {
    const { status, code } = await erasing
    t.ok(status < 300, `the erasure was decided ${status} ${code ?? ''}`)
    const certificates = []
    for (const node of nodes) {
      const ask = async () => {
        const answer = await fetch(`${node.origin}/v1/families/${erased}/erasure-certificate`, {
          headers: { authorization: `Bearer ${tokens.director}` },
        })
        return answer.status === 200 ? ((await answer.json()) as object) : undefined
      }
      await eventually(`${node.name} certifies`, async () => (await ask()) !== undefined)
      certificates.push(await ask())
      const timeline = await fetch(`${node.origin}/v1/families/${erased}/timeline`, {
        headers: { authorization: `Bearer ${tokens.nakamura}` },
      })
      t.notMatch(await timeline.text(), WORDS)
    }
    t.strictSame(certificates[0], certificates[1], 'one certificate')
  })

  const head = String(await newcomer.store.head())
  for (const node of nodes) {
    const holdsAll = async () => {
      const headers = { authorization: `Bearer ${tokens.cityIntegration}`, 'min-position': head }
      return (await fetch(`${node.origin}/v1/feeds/referrals?limit=1`, { headers })).status === 200
    }
    await eventually(`${node.name} holds everything`, holdsAll)
  }
  for (const node of nodes) t.equal(await node.stop(), 0, `${node.name} ends in order`)
  const sealed = sealedAbout(log, erased)
  t.ok(sealed.length > 0, 'something lay under the keys')
  for (const node of nodes) {
    const keyring = keyringOf(cluster.config(node.dataDir))
    t.ok(
      sealed.every((text) => keyring.open(text) === ERASED),
      `and is gone on ${node.name}`,
    )
    keyring.close()
  }

  await t.test('the views of both are what the log says, row by row', async (t) => {
    const third = await cluster.node('anew')
    third.start()
    await eventually('a node that comes now is ready', third.isReady)
    await third.stop()
    const [mine, its, anew] = await Promise.all([one, other, third].map(verdictsOn))
    for (const verdicts of [mine, its, anew])
      t.ok(
        verdicts?.every(({ equal }) => equal),
        'as folded once more from its own copy of the log',
      )
    const rows = (verdicts = mine) => verdicts?.map(({ name, position, live }) => ({ name, position, live }))
    t.strictSame(rows(mine), rows(its), 'the same on both')
    t.strictSame(rows(mine), rows(anew), 'the same as built anew')
  })

  for (const node of nodes) {
    t.equal(node.crashes(), 0, `${node.name} did not end by itself`)
    t.strictSame(
      node.logged.filter(({ level }) => level >= 50).map(({ msg, err }) => ({ msg, err })),
      [],
      `${node.name} met nothing unexpected`,
    )
  }
  if (SECONDS >= LONG_ENOUGH)
    t.ok(
      Object.values(blows).every((count) => count > 0),
      'every kind of blow came',
    )
  report(t.comment.bind(t), blows, writer.finals, log.length)
})

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}

function report(
  say: (text: string) => void,
  blows: Readonly<Record<Blow, number>>,
  finals: ReturnType<typeof client>['finals'],
  events: number,
) {
  const done = finals.filter(({ receipt }) => receipt)
  const acknowledged = done.reduce((count, { receipt }) => count + (receipt?.events.length ?? 0), 0)
  const waits = finals.map(({ ms }) => ms).sort((a, b) => a - b)
  const refusals = new Map<string, number>()
  for (const { receipt, status, code } of finals)
    if (!receipt) refusals.set(`${status} ${code}`, (refusals.get(`${status} ${code}`) ?? 0) + 1)
  const slowest = finals.toSorted((a, b) => b.ms - a.ms)[0]
  say(`the slowest: ${slowest?.path.split('/').at(-1)} after ${JSON.stringify(slowest?.met)}`)
  say(`blows: ${JSON.stringify(blows)}`)
  say(
    `${finals.length} commands, ${done.length} done, ${acknowledged} events acknowledged, ${events} in the log, ${finals.filter(({ sent }) => sent > 1).length} sent more than once`,
  )
  say(
    `answers: median ${waits[Math.floor(waits.length / 2)]?.toFixed(0)} ms, longest ${seconds(waits.at(-1) ?? 0)} s; refused: ${JSON.stringify(Object.fromEntries(refusals))}`,
  )
}
