import t from 'tap'
import { catalogue, type DomainEvent } from '#domain/events.ts'
import { family } from '#domain/family/family.ts'
import { decoder } from '#domain/kernel/codec.ts'
import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import type { Projection } from '#domain/kernel/projection.ts'
import { notice } from '#domain/notice/notice.ts'
import { retention } from '#domain/retention/retention.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { familySearch, nameKey } from '#projections/family-search.ts'
import { openItems } from '#projections/open-items.ts'
import { writePath } from '#src/write/write-path.ts'
import * as c from '#test/kit/controls.ts'
import { keysInMemory } from '#test/kit/keys.ts'

const NOW = '2024-06-04T01:00:00.000Z'
const keyring = keysInMemory()
const store = memoryEventStore()
const { execute } = writePath({ store, keyring, now: () => NOW, calendar: c.calendar })

let commands = 0
const happened = async (lifecycle: Lifecycle, name: string, id: string, data: object, actor = c.director) => {
  const { kind } = await execute({
    lifecycle,
    name,
    id,
    data: lifecycle.commands[name]?.schema.parse(data) ?? {},
    actor,
    occurrence: { occurredAt: NOW, occurredOn: '2024-06-04', precision: 'instant' },
    commandId: `c${commands++}`,
  })
  if (kind !== 'done') throw new Error(`${name}: ${kind}`)
}
const noticed = (id: string, actor = c.director) => {
  const data = { familyId: c.family, noticeKind: ['other'], abuseCheck: 'noConcern' }
  return happened(notice, 'RecordNotice', id, data, actor)
}
const childNamed = (name: string, actor = c.director) =>
  happened(family, 'AddChild', c.family, { name, birthDate: '2023-03-03' }, actor)

const folded = async <Row>(view: Projection<Row, DomainEvent>): Promise<ReadonlyMap<string, Row>> => {
  const rows = new Map<string, Row>()
  for (const event of (await store.after(0n, 1_000)).map(decoder(catalogue)))
    view.apply(
      event,
      {
        get: (key) => rows.get(key),
        put: (key, row) => void rows.set(key, row),
        delete: (key) => void rows.delete(key),
      },
      keyring,
    )
  return rows
}
const isFound = async (name: string): Promise<boolean> => {
  const blind = keyring.blind(nameKey(name))
  return [...(await folded(familySearch)).values()].some((row) => row.name === blind)
}
const open = async (): Promise<readonly string[]> =>
  [...(await folded(openItems)).values()]
    .filter(({ familyId }) => familyId === c.family)
    .map(({ stream }) => stream)

t.test('what is open for a family is known by it, until it is ended', async (t) => {
  await happened(family, 'RegisterFamily', c.family, { caregivers: [{ relation: 'mother' }] })
  await noticed(c.notice)
  await noticed(c.otherNotice)
  await happened(notice, 'ShareNoticeInTeam', c.notice, { decision: 'keepEyeOn' })
  t.strictSame(await open(), [`notice-${c.otherNotice}`])
  await happened(notice, 'ShareNoticeInTeam', c.otherNotice, { decision: 'keepEyeOn' })
  t.strictSame([...(await folded(openItems)).keys()], [], 'nothing is kept of what is over')
  await noticed(c.consultation)
  await childNamed('太郎')
  t.ok(await isFound('太郎'))
})

t.test(
  'an erased family stays erased, whatever else the log says of it, and before its keys are gone',
  async (t) => {
    await happened(retention, 'ErasePersonalData', c.family, { why: 'suspensionRequest' })
    t.strictSame(await open(), [], 'ended, since nobody could end it')
    // What follows from facts is recorded still.
    await childNamed('次郎', c.system)
    await noticed(c.referral, c.system)
    t.equal(keyring.destroyed(c.family), undefined)
    t.notOk((await isFound('太郎')) || (await isFound('次郎')))
    t.strictSame(await open(), [])
    const live = [await folded(familySearch), await folded(openItems)]
    await keyring.destroy({ familyId: c.family, because: 'e9' })
    t.strictSame([await folded(familySearch), await folded(openItems)], live, 'built anew it is the same')
  },
)
