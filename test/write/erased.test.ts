import t from 'tap'
import { family } from '#domain/family/family.ts'
import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import type { Actor } from '#domain/kernel/metadata.ts'
import { notice } from '#domain/notice/notice.ts'
import { retention } from '#domain/retention/retention.ts'
import { visit } from '#domain/visit/visit.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { writePath } from '#src/write/write-path.ts'
import * as c from '#test/kit/controls.ts'
import { keysInMemory } from '#test/kit/keys.ts'

const NOW = '2024-06-04T01:00:00.000Z'

t.test('from the decision on nothing more is recorded, while the keys are still there', async (t) => {
  const [store, keyring] = [memoryEventStore(), keysInMemory()]
  const { execute } = writePath({ store, keyring, now: () => NOW, calendar: c.calendar })
  let commands = 0
  const give = async (
    lifecycle: Lifecycle,
    name: string,
    id: string,
    data: object,
    actor: Actor = c.director,
  ) => {
    const outcome = await execute({
      lifecycle,
      name,
      id,
      data: lifecycle.commands[name]?.schema.parse(data) ?? {},
      actor,
      occurrence: { occurredAt: NOW, occurredOn: '2024-06-04', precision: 'instant' },
      commandId: `c${commands++}`,
    })
    return outcome.kind === 'refused' ? outcome.refusal.refused : outcome.kind
  }
  const addChild = () => give(family, 'AddChild', c.family, { name: '次郎', birthDate: '2023-03-03' })
  const wordless = { familyId: c.family, noticeKind: ['other'], abuseCheck: 'noConcern' }
  t.equal(await give(family, 'RegisterFamily', c.family, { caregivers: [{ relation: 'mother' }] }), 'done')
  t.equal(await addChild(), 'done')
  t.equal(await give(retention, 'ErasePersonalData', c.family, { why: 'suspensionRequest' }), 'done')
  t.equal(keyring.destroyed(c.family), undefined)

  t.equal(await addChild(), 'family/erased')
  t.equal(await give(notice, 'RecordNotice', c.notice, wordless), 'family/erased', 'without a word, too')
  t.equal(await give(visit, 'RecordVisit', c.visit, { familyId: c.family, children: 1 }), 'family/erased')
})
