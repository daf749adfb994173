import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { replicate } from '#infra/event-store/eventstoredb/replica/replicate.ts'
import { connect } from '#infra/eventstoredb/connection.ts'
import { keyCopy, openCopyFile } from '#infra/keys/shared/copy.ts'
import { fillKeys } from '#infra/keys/shared/fill.ts'
import { FAMILY, family, sealed, startCluster, told } from './kit/nodes.ts'

t.test('keys are taken before the log is followed, and before what stands behind them', async (t) => {
  const cluster = await startCluster(t)
  const { keyring, store } = await cluster.node('node')
  const tell = async () =>
    store.append('visit-1', 'any', [told(await sealed(keyring, family(`f${Math.random()}`), 'x'))])
  await tell()
  const order: string[] = []
  const note = (what: string) => {
    if (order.at(-1) !== what) order.push(what)
  }
  const stopping = new AbortController()
  const connection = connect({ url: cluster.double.url })
  const running = replicate({
    connection,
    file: {
      newest: () => undefined,
      aimAt: () => undefined,
      keep: () => note('log'),
      close: () => undefined,
    } as unknown as Parameters<typeof replicate>[0]['file'],
    beside: {
      fill: async () => note('all keys'),
      take: (events) => events.length > 0 && note('keys'),
    },
    signal: stopping.signal,
    say: () => undefined,
    committed: () => undefined,
    aimed: () => undefined,
  })
  const kept = async (count: number) => {
    for (let i = 0; i < 200 && order.filter((what) => what === 'log').length < count; i++) await sleep(25)
  }
  await kept(1)
  cluster.double.misbehave.endSubscriptions()
  await tell()
  await kept(2)
  stopping.abort()
  await running
  await connection.close()
  t.strictSame(order, ['all keys', 'keys', 'log', 'all keys', 'keys', 'log'])
})

t.test('what was destroyed comes first, so a new node takes no key that is only still there', async (t) => {
  const cluster = await startCluster(t)
  const keyring = await cluster.alone('node')
  await sealed(keyring, family(), 'x')
  await keyring.destroy({ familyId: FAMILY, because: 'e9' })
  const connection = connect({ url: cluster.double.url })
  t.teardown(() => connection.close())
  const db = openCopyFile(join(t.testdirName, 'new.db'), 1_000)
  t.teardown(() => db.close())
  const copy = keyCopy(db)
  const order: string[] = []
  await fillKeys(connection, {
    ...copy,
    take(facts, position) {
      order.push(...facts.map(({ kind }) => kind))
      copy.take(facts, position)
    },
  })
  t.ok(order.includes('kept'), 'it comes along, since nobody has scavenged')
  t.ok(order.indexOf('destroyed') < order.indexOf('kept'), order.join(' '))
  t.equal(db.prepare('SELECT count(*) FROM key WHERE wrapped IS NOT NULL').pluck().get(), 0)
})
