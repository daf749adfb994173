import { copyFileSync } from 'node:fs'
import t from 'tap'
import { openReadStore } from '#infra/read-store/read-store.ts'
import { projections } from '#projections/registry.ts'
import { quietLog } from '#src/cli/open.ts'
import { devIssuerFile, eventLogFile, readModelFile } from '#src/data/files.ts'
import { keyAccess } from '#src/data/keys.ts'
import { startProjectorThread } from '#src/projector/thread.ts'
import { newId } from '#test/kit/door.ts'
import { noRedis } from '#test/kit/redis.ts'
import { holderIn } from '../kit/chaos.ts'
import { type Client, client } from '../kit/client.ts'
import { startCluster } from '../kit/cluster.ts'
import { openAsNewcomer } from '../kit/log.ts'
import { eventually, type Node } from '../kit/node.ts'
import { randomFrom, seed } from '../kit/random.ts'
import { tsunagi } from '../kit/views.ts'
import { letter, openConsultation, recordVisit, registerFamily } from '../kit/work.ts'

const SOON = 30_000
/** Missed deadlines are looked for twice a minute. */
const NEXT_LOOK = 60_000
const ACK_MS = 2 * 3_600_000

t.setTimeout(600_000)

await t.test('nodes of a cluster', { skip: noRedis }, async (t) => {
  const random = randomFrom(seed)
  const cluster = await startCluster(t)
  const { nodes, tokens, double, redis } = cluster
  const [one, two] = nodes
  if (!one || !two) throw new Error('two nodes')
  await Promise.all(nodes.map((node) => eventually(`${node.name} is ready`, node.isReady)))
  const on = (node: Node): Client => client({ nodes: [node], tokens, random })
  const family = await registerFamily(on(one))
  const newcomer = await openAsNewcomer(cluster.config(cluster.directory('newcomer')))
  t.teardown(() => newcomer.close())
  const typesIn = async (stream: `${string}-${string}`) =>
    (await newcomer.store.read(stream)).map(({ type }) => type)

  const timeline = async ({ origin }: Node, minPosition = '0') => {
    const answer = await fetch(`${origin}/v1/families/${family}/timeline?order=oldest&limit=500`, {
      headers: { authorization: `Bearer ${tokens.nakamura}`, 'min-position': minPosition },
    })
    return { status: answer.status, body: (await answer.json()) as { entries?: readonly object[] } }
  }
  /** A letter whose consultation has to be linked to it. @returns the consultation */
  const send = async (node: Node, given: object = {}) => {
    const consultation = await openConsultation(on(node), family)
    const id = newId()
    const about = letter(family, { consultationId: consultation, ...given })
    const { status } = await on(node).give('partner', `referrals/${id}/send`, about)
    if (status !== 201) throw new Error(`not sent: ${status}`)
    return { id, consultation }
  }
  const isLinked = (consultation: string) => async () =>
    (await typesIn(`consultation-${consultation}`)).includes('ConsultationLinked')
  /** One whose acknowledgement is due in some seconds. */
  const sendUrgent = async (node: Node, ms = 5_000) => {
    const occurredAt = new Date(Date.now() - ACK_MS + ms).toISOString()
    const consultation = newId()
    const opened = { familyId: family, trigger: 'conversationShift', service: 'hirobaTalk' }
    await on(node).give('partner', `consultations/${consultation}/open`, opened)
    const id = newId()
    const about = letter(family, { consultationId: consultation, urgency: 'emergency', occurredAt })
    const { status, code } = await on(node).give('partner', `referrals/${id}/send`, about)
    if (status !== 201) throw new Error(`not sent: ${status} ${code}`)
    return `referral-${id}` as const
  }
  const overdueIn = async (stream: `${string}-${string}`) =>
    (await typesIn(stream)).filter((type) => type === 'ReferralOverdueDetected').length
  const holds = (node: Node) => async () => (await holderIn(redis.url)) === node.pid()

  await t.test('what is written on one node is read on the other', async (t) => {
    for (const [at, reads] of [
      [one, two],
      [two, one],
    ] as const) {
      const id = newId()
      const { receipt } = await recordVisit(on(at), family, {}, id)
      const { status, body } = await timeline(reads, String(receipt?.position))
      t.equal(status, 200)
      t.match(JSON.stringify(body), id)
    }
  })

  await t.test('a node whose event store does not answer says so, and recovers', async (t) => {
    double.freeze()
    const statuses = new Set<string>()
    await eventually(
      'not ready',
      async () => {
        const { code, status } = await one.readiness()
        if (code === 503) statuses.add(status)
        return code === 503
      },
      NEXT_LOOK,
    ).finally(double.thaw)
    t.strictSame([...statuses], ['unavailable'])
    for (const node of nodes) await eventually(`${node.name} is ready again`, node.isReady, SOON)
    t.equal((await recordVisit(on(two), family)).status, 201)
  })

  const snapshot = cluster.directory('from-snapshot')
  await t.test('a node that comes later shows the same: from nothing, and from a snapshot', async (t) => {
    const { code, err } = await tsunagi(one, 'snapshot', snapshot)
    t.equal(code, 0, err)
    copyFileSync(devIssuerFile(one.dataDir), devIssuerFile(snapshot))
    const { receipt } = await recordVisit(on(one), family)
    const third = await cluster.node('third')
    const fourth = await cluster.node('from-snapshot')
    const shown = await timeline(one, String(receipt?.position))
    for (const node of [third, fourth]) {
      node.start()
      await eventually(`${node.name} is ready`, node.isReady)
      t.strictSame(await timeline(node, String(receipt?.position)), shown, node.name)
      t.equal(await node.stop(), 0)
    }
  })

  await t.test(
    'a new version of the views is built beside the old one, while the others serve',
    async (t) => {
      const file = readModelFile(snapshot)
      const { EVENT_STORE } = cluster.config(two.dataDir)
      const upgraded = await startProjectorThread({
        // Of a node that runs, so that it has to catch up with what goes on.
        eventLog: eventLogFile(two.dataDir, EVENT_STORE),
        file,
        keys: keyAccess(two.dataDir, two.environment.KEY_ENCRYPTION_KEY),
        log: quietLog,
        entry: new URL('../kit/upgraded-worker.ts', import.meta.url),
      })
      t.teardown(() => upgraded.stop())
      const { receipt } = await recordVisit(on(one), family)
      t.equal((await timeline(two, String(receipt?.position))).status, 200, 'the other serves')
      t.ok(await upgraded.reached(BigInt(receipt?.position ?? 0), SOON), 'it catches up')
      t.strictSame(
        upgraded.status().map(({ name, version, state }) => ({ name, version, state })),
        projections.map(({ name, version }) => ({ name, version: version + 1, state: 'live' })),
      )
      await two.stop()
      const [old, anew] = [openReadStore({ file: readModelFile(two.dataDir) }), openReadStore({ file })]
      for (const { name } of projections)
        t.equal(anew.fingerprint(name)?.digest, old.fingerprint(name)?.digest, `${name} says the same`)
      old.close()
      anew.close()
      two.start()
      await eventually(`${two.name} is ready`, two.isReady)
    },
  )

  await t.test('the one that acts is killed: the other records what follows, and deadlines', async (t) => {
    await eventually('one of them holds the lease', async () => (await holds(one)()) || (await holds(two)()))
    const [holder, other] = (await holds(one)()) ? [one, two] : [two, one]
    const { consultation } = await send(holder)
    await eventually('linked', isLinked(consultation), SOON)
    const urgent = await sendUrgent(holder)
    await holder.kill()
    t.equal(await overdueIn(urgent), 0)
    const later = await send(other)
    const ms = await eventually('linked', isLinked(later.consultation), SOON)
    t.comment(`what follows was recorded after ${ms.toFixed(0)} ms`)
    t.comment(
      `the lease changed hands after ${(await eventually('taken over', holds(other), SOON)).toFixed(0)} ms`,
    )
    await eventually('noted as overdue', async () => (await overdueIn(urgent)) > 0, NEXT_LOOK)
    t.equal(await overdueIn(urgent), 1, 'once')
    holder.start()
    await eventually(`${holder.name} is ready`, holder.isReady)
  })

  await t.test('without Redis both go on', async (t) => {
    await redis.kill()
    for (const node of nodes) {
      t.ok(await node.isReady(), 'ready')
      const { consultation } = await send(node)
      await eventually('linked', isLinked(consultation), SOON)
    }
    await redis.restart()
    await eventually('one of them holds the lease', async () => (await holds(one)()) || (await holds(two)()))
  })

  await t.test('a worker takes the lease, opens no door and notes what was missed', async (t) => {
    const worker = await cluster.node('worker', 'worker')
    worker.start()
    await eventually('it works', worker.isOpen)
    t.equal((await worker.readiness()).status, 'none')
    for (const node of nodes) if (await holds(node)()) await node.kill()
    const left = nodes.find((node) => node.isOpen())
    if (!left) throw new Error('one is left')
    await eventually(
      'somebody takes over',
      async () => (await holds(worker)()) || (await holds(left)()),
      SOON,
    )
    // Whoever holds it ends in order, and it is free at once.
    for (const node of nodes) if (!(await holds(worker)())) await node.stop()
    await eventually('the worker holds it', holds(worker), SOON)
    for (const node of nodes) node.start()
    for (const node of nodes) await eventually(`${node.name} is ready`, node.isReady)
    const urgent = await sendUrgent(one)
    await eventually('noted as overdue', async () => (await overdueIn(urgent)) > 0, NEXT_LOOK)
    t.ok(await holds(worker)(), 'by the worker')
    t.equal(await worker.stop(), 0)
    await eventually(
      'a node takes over at once',
      async () => (await holds(one)()) || (await holds(two)()),
      SOON,
    )
  })

  for (const node of nodes)
    t.strictSame(
      node.logged.filter(({ level }) => level >= 50).map(({ msg, err }) => ({ msg, err })),
      [],
      `${node.name} met nothing unexpected`,
    )
})
