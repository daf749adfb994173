import t from 'tap'
import { breakGlass } from '#domain/break-glass/break-glass.ts'
import { catalogue } from '#domain/events.ts'
import { family as families } from '#domain/family/family.ts'
import { decoder } from '#domain/kernel/codec.ts'
import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import { notice } from '#domain/notice/notice.ts'
import { referral } from '#domain/referral/referral.ts'
import { visit } from '#domain/visit/visit.ts'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { projections } from '#projections/registry.ts'
import { readModelFile } from '#src/data/files.ts'
import { verifyViews } from '#src/projector/verify.ts'
import type { Outcome } from '#src/write/execute.ts'
import { writePath } from '#src/write/write-path.ts'
import { newId, openTestDoor, staff } from '#test/kit/door.ts'
import { done, eraseFamily, type Family, fresh, letterTo, registerFamily } from '#test/kit/door-story.ts'

const NOW = '2024-06-04T01:00:00.000Z'
const LATE = { name: '遅れ 次郎', birthDate: '2023-03-03' }
const door = await openTestDoor(t, { engine: 'sqlite', now: () => NOW })
const { system } = door

/** Decided on what was so before the erasure, sealed, and on its way to the log while the family is erased. */
const racing = async (
  family: Family,
  commands: readonly (readonly [lifecycle: Lifecycle, name: string, id: string, data: object])[],
): Promise<readonly Outcome[]> => {
  let open = () => {}
  const erased = new Promise<void>((resolve) => {
    open = resolve
  })
  const arrivals: Promise<void>[] = []
  const outcomes = commands.map(([lifecycle, name, id, data]) => {
    let arrived = () => {}
    arrivals.push(
      new Promise((resolve) => {
        arrived = resolve
      }),
    )
    const { execute } = writePath({
      ...system,
      calendar: japaneseCalendar,
      store: {
        ...system.store,
        async append(...args) {
          arrived()
          await erased
          return system.store.append(...args)
        },
      },
    })
    return execute({
      lifecycle,
      name,
      id,
      data: lifecycle.commands[name]?.schema.parse(data) ?? {},
      actor: staff.partner,
      occurrence: { occurredAt: NOW, occurredOn: '2024-06-04', precision: 'instant' },
      commandId: newId(),
    })
  })
  await Promise.all(arrivals)
  await eraseFamily(door, family.id)
  open()
  return Promise.all(outcomes)
}

const family = await registerFamily(door)
const [noticed, letter, glass, visited] = [newId(), newId(), newId(), newId()]
const TOLD = '隣の人が心配していた'
const NOTE = 'この家庭でした'

await t.test('what was on its way when the family was erased is in the log', async (t) => {
  const anonymous = { visitors: ['mother'], toldBy: TOLD }
  await done(door, 'nakamura', `/v1/visits/${visited}/record`, anonymous)
  const outcomes = await racing(family, [
    [families, 'AddChild', family.id, { personId: newId(), ...LATE }],
    [
      notice,
      'RecordNotice',
      noticed,
      { familyId: family.id, noticeKind: ['caregiverFatigue'], abuseCheck: 'noConcern', facts: '疲れた様子' },
    ],
    [referral, 'SendReferral', letter, letterTo(family)],
    [
      breakGlass,
      'UseBreakGlass',
      glass,
      { familyId: family.id, reason: '至急', secondPerson: 'shisetsucho' },
    ],
    [visit, 'CorrectVisit', visited, { familyId: family.id, reason: 'lateInformation', note: NOTE }],
  ])
  t.strictSame(
    outcomes.map(({ kind }) => kind),
    Array(5).fill('done'),
  )
})

await t.test('and what was told of it, before or then, is read by nobody', async (t) => {
  t.ok(await system.eraser.done(await system.store.head(), 5_000))
  const events = (await system.store.read(`visit-${visited}`)).map(system.decode)
  t.equal(events.length, 2)
  t.notMatch(
    JSON.stringify(events.map(({ data, metadata }) => [data, metadata])),
    new RegExp(`${TOLD}|${NOTE}`),
  )
})

await t.test('and the family is not found by it', async (t) => {
  const found = await door.post('nakamura', '/v1/families/search', LATE, await fresh(door))
  t.strictSame(found.json().families, [])
})

await t.test('nothing of it is owed to anybody', async (t) => {
  const headers = await fresh(door)
  for (const [who, list] of [
    ['partner', 'notices-unshared'],
    ['partner', 'referrals-out'],
    ['director', 'break-glass'],
    ['mchCoordinator', 'referrals-in'],
  ] as const)
    t.strictSame((await door.get(who, `/v1/worklists/${list}`, headers)).json().items, [], list)
  const all = (await door.get('partner', '/v1/worklists/referrals-out?open=false', headers)).json().items
  t.equal(all.length, 1, 'that it was sent is not denied')
  t.strictSame((await door.get('partner', `/v1/families/${family.id}`, headers)).json().openItems, [])
  const again = await door.post('director', `/v1/retention/${family.id}/erase-personal-data`, {
    why: 'suspensionRequest',
  })
  t.equal(again.statusCode, 200)
})

await t.test('nor does it keep an account open', async (t) => {
  const closing = await door.post('admin', '/v1/staff/saito/close-account', { reason: 'left' })
  t.equal(closing.statusCode, 200, closing.body)
})

await t.test('the views are what the log gives', async (t) => {
  await door.settled()
  const verdicts = await verifyViews({
    store: system.store,
    file: readModelFile(door.dataDir),
    projections,
    decode: decoder(catalogue),
    secrets: system.keyring,
  })
  t.strictSame(
    verdicts.filter(({ equal }) => !equal),
    [],
  )
})
