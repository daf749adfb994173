import t from 'tap'
import { ERASED } from '#domain/kernel/keyring.ts'
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
