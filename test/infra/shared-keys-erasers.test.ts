import t from 'tap'
import { ERASED } from '#domain/kernel/keyring.ts'
import { checkpointOf } from '#infra/eventstoredb/checkpoint.ts'
import { startEraser } from '#src/erasure/eraser.ts'
import { silent } from '#test/kit/running-system.ts'
import { FAMILY, family, sealed, startCluster, stream, told } from './kit/nodes.ts'

t.test(
  'each node has an eraser; together they do it once, although the server does not always answer',
  async (t) => {
    const cluster = await startCluster(t)
    const [one, other] = [await cluster.node('one'), await cluster.node('other')]
    const erasers = [one, other].map(({ store, keyring }) =>
      startEraser({ store, keyring, forget: () => undefined, log: silent }),
    )
    t.teardown(() => Promise.all(erasers.map((eraser) => eraser.stop())))
    const visit = await sealed(one.keyring, stream('visit-1'), 'x')
    const words = await sealed(other.keyring, family(), 'y')
    await one.store.append('visit-1', 'none', [told(visit), told(words)])
    const erasure = { ...told('nothing'), type: 'PersonalDataErased' }
    const { position } = await one.store.append(`retention-${FAMILY}`, 'none', [erasure])
    cluster.double.misbehave.refuseAsUnavailable({ methods: ['Tombstone', 'Delete'], count: 2 })
    for (const eraser of erasers) t.ok(await eraser.done(position, 20_000))
    for (const { keyring } of [one, other]) {
      t.strictSame([visit, words].map(keyring.open), [ERASED, ERASED])
      t.equal(keyring.destroyed(FAMILY)?.because, erasure.id)
    }
    t.strictSame(one.keyring.destroyed(FAMILY), other.keyring.destroyed(FAMILY))
    t.equal(await cluster.types(`_key-${FAMILY}`), undefined)
    t.strictSame(await cluster.types('_key-visit-1'), [])
  },
)

t.test(
  'a node that comes new does not take a stream’s key of today for that of a family erased before',
  async (t) => {
    const cluster = await startCluster(t)
    const one = await cluster.node('one')
    const eraserOf = ({ store, keyring }: typeof one) => {
      const shared = checkpointOf(store.connection, 'erasures')
      const eraser = startEraser({ store, keyring, forget: () => undefined, shared, log: silent })
      t.teardown(() => eraser.stop())
      return eraser
    }
    const eraser = eraserOf(one)
    const before = await sealed(one.keyring, stream('visit-1', FAMILY), 'booked on the wrong family')
    await one.store.append('visit-1', 'none', [told(before)])
    const erasure = { ...told('nothing'), type: 'PersonalDataErased' }
    const { position } = await one.store.append(`retention-${FAMILY}`, 'none', [erasure])
    t.ok(await eraser.done(position, 20_000))

    const since = await sealed(one.keyring, stream('visit-1', 'f2'), 'of the right one')
    const corrected = { ...told(since), metadata: { ...told(since).metadata, familyId: 'f2' } }
    const last = await one.store.append('visit-1', 1, [corrected])
    t.ok(await eraser.done(last.position, 20_000))
    t.equal(one.keyring.open(since), 'of the right one')

    const newcomer = await cluster.node('newcomer')
    t.ok(await eraserOf(newcomer).done(last.position, 20_000))
    for (const { keyring } of [one, newcomer]) {
      t.equal(keyring.open(before), ERASED)
      t.equal(keyring.open(since), 'of the right one')
    }
  },
)
