import t from 'tap'
import type { Appending } from '#domain/kernel/event-store.ts'
import { ERASED, type Plain } from '#domain/kernel/keyring.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { startEraser } from '#src/erasure/eraser.ts'
import { event } from '#test/contract/event-store.ts'
import { keysInMemory } from '#test/kit/keys.ts'
import { silent } from '#test/kit/running-system.ts'

const of = (familyId: string, type = 'VisitCorrected'): Appending => {
  const one = event({})
  return { ...one, type, metadata: { ...one.metadata, familyId } }
}
const said = (text: string, familyId: string): Plain => ({
  owner: { kind: 'stream', stream: 'visit-1', familyId },
  eventId: 'e1',
  field: '/data/note',
  dataClass: 'visit',
  text,
})

t.test('a process that is behind takes nothing along that came after the erasure', async (t) => {
  const [store, keyring] = [memoryEventStore(), keysInMemory()]
  const [before = ''] = keyring.seal([said('x', 'wrong')])
  await store.append('visit-1', 'any', [of('wrong'), of('right')])
  const { position } = await store.append('retention-wrong', 'any', [of('wrong', 'PersonalDataErased')])
  const start = (from: bigint) => {
    const positions = [from]
    const erasedUpTo = () => positions.shift() ?? keyring.erasedUpTo()
    const eraser = startEraser({
      store,
      keyring: { ...keyring, erasedUpTo },
      forget: () => undefined,
      log: silent,
    })
    t.teardown(eraser.stop)
    return eraser
  }
  t.ok(await start(0n).done(position, 5_000))
  t.equal(keyring.open(before), ERASED)
  const [after = ''] = keyring.seal([said('y', 'right')])
  t.ok(await start(0n).done(position, 5_000))
  t.equal(keyring.open(after), 'y')
})
