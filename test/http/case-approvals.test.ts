import t from 'tap'
import { streamName } from '#domain/kernel/event.ts'
import { newId, openTestDoor, problem, staff, type Who } from '#test/kit/door.ts'
import { done, type Family, fresh, recordVisit, registerFamily, sendReferral } from '#test/kit/door-story.ts'

let now = '2024-06-04T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })
const auditor = staff.auditor.staffId

const watched = async () => {
  const family = await registerFamily(door, {
    caregivers: [{ name: '田中 美咲', relation: 'mother', contact: { phone: '090-3333' } }],
  })
  await recordVisit(door, family, { toldBy: '祖母が言った' })
  const { id } = await sendReferral(door, family, { summary: '手紙の中身' })
  await done(door, 'mchCoordinator', `/v1/referrals/${id}/decline`, {
    reason: 'otherEntrance',
    note: '区の言葉',
  })
  return family
}
const give = (who: Who, { id: familyId }: Family, given: object = {}) =>
  door.post(who, `/v1/case-approvals/${newId()}/give`, {
    familyId,
    auditor,
    reason: '死亡事例の検証',
    until: '2024-06-30',
    ...given,
  })
const seenBy = async (who: Who, { id }: Family): Promise<string> => {
  const headers = await fresh(door)
  const page = await door.get(who, `/v1/families/${id}`, headers)
  return page.body + (await door.get(who, `/v1/families/${id}/timeline?limit=500`, headers)).body
}
const HUBS = ['田中 美咲', '090-3333', '祖母が言った'] as const

await t.test(
  'an auditor reads masked until the holder approves, for one case, and then only what that holder recorded (R-ACC-5)',
  async (t) => {
    const [family, another] = [await watched(), await watched()]
    for (const text of HUBS) t.notMatch(await seenBy('auditor', family), text, 'masked')
    const approval = await give('director', family)
    t.equal(approval.statusCode, 201)
    for (const text of HUBS) t.match(await seenBy('auditor', family), text, 'approved')
    t.notMatch(await seenBy('auditor', family), '手紙の中身', 'x of the table stays x')
    t.notMatch(await seenBy('auditor', family), '区の言葉', 'the ward has approved nothing')
    for (const text of HUBS) t.notMatch(await seenBy('auditor', another), text, 'another case')

    const [view] = (await door.system.store.read(streamName('access', family.id))).slice(-1)
    t.match(view, { type: 'RecordViewed', metadata: { actor: { staffId: auditor } } })
    t.match(JSON.stringify(view?.data), 'R-ACC-5')

    await done(door, 'director', `/v1/case-approvals/${approval.json().id}/end`)
    for (const text of HUBS) t.notMatch(await seenBy('auditor', family), text, 'ended')
  },
)

await t.test('it ends with its last day, and what was seen under it can be replayed', async (t) => {
  const family = await watched()
  await give('director', family, { until: '2024-06-04' })
  t.match(await seenBy('auditor', family), '祖母が言った')
  const position = String(await door.system.store.head())
  now = '2024-06-04T15:00:00.000Z'
  t.notMatch(await seenBy('auditor', family), '祖母が言った')
  const path = `/v1/audit/families/${family.id}/as-seen?staff=${auditor}&asOf=${position}`
  const then = (await door.get('auditor', path, await fresh(door))).json().entries
  t.match(
    then.filter(({ type }: { type: string }) => type === 'VisitRecorded'),
    [{ effect: 'allow', rule: 'R-ACC-5' }],
  )
  now = '2024-06-04T01:00:00.000Z'
})

await t.test('managers approve, for what is theirs, to auditors, for 90 days at most', async (t) => {
  const family = await watched()
  for (const who of ['partner', 'auditor', 'admin', 'mchCoordinator'] as const)
    problem(t, await give(who, family), 403, 'access/role-not-allowed')
  problem(t, await give('directorElsewhere', family), 404, 'case-approval/not-found')
  problem(t, await give('director', family, { auditor: 'saito' }), 400, 'case-approval/no-auditor')
  problem(t, await give('director', family, { until: '2024-09-03' }), 400, 'case-approval/too-long')
  problem(t, await give('director', family, { until: '2024-06-03' }), 400, 'case-approval/too-long')
  t.equal((await give('wardManager', family)).statusCode, 201)
  for (const text of HUBS)
    t.notMatch(await seenBy('auditor', family), text, 'the ward opens nothing of the hub')
  const approval = (await give('director', family)).json()
  problem(
    t,
    await door.post('wardManager', `/v1/case-approvals/${approval.id}/end`),
    404,
    'case-approval/not-found',
  )
})
