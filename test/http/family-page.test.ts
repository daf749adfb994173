import t from 'tap'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'
import {
  done,
  type Family,
  fresh,
  openConsultation,
  recordVisit,
  registerFamily,
  sendReferral,
} from '#test/kit/door-story.ts'

let now = '2024-06-03T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })
const page = async (family: Family, who: 'partner' | 'mchCoordinator' | 'auditor' = 'partner') => {
  const response = await door.get(who, `/v1/families/${family.id}`, await fresh(door))
  if (response.statusCode !== 200) throw new Error(response.body)
  return { ...response.json(), etag: response.headers.etag }
}

await t.test('the head of the page: who belongs to the family and how it was registered', async (t) => {
  const family = await registerFamily(door, { card: 'K-1', familyType: 'B', occurredOn: '2024-05-01' })
  t.match(await page(family), {
    familyId: family.id,
    version: 1,
    etag: '"1"',
    registeredOn: '2024-05-01',
    registeredAtSite: 'SITE-141097-1',
    card: 'K-1',
    familyType: 'B',
    ward: '141097',
    members: [
      { personId: family.mother, as: 'caregiver', relation: 'mother', name: '田中 花' },
      { personId: family.child, as: 'child', name: '田中 結', birthDate: '2021-10-02' },
    ],
    openItems: [],
    organizations: ['ORG-141097-H'],
  })
})

await t.test('changes of the family show: a child more, a name corrected, a nursery', async (t) => {
  const family = await registerFamily(door)
  const second = newId()
  const path = `/v1/families/${family.id}`
  await done(door, 'nakamura', `${path}/add-child`, { personId: second, birthDate: '2024-05-20' })
  await done(door, 'nakamura', `${path}/update-profile`, {
    children: [{ personId: family.child, name: '田中 結衣' }],
  })
  await done(door, 'nakamura', `${path}/change-child-placement`, {
    person: family.child,
    placement: 'nursery',
  })
  const { members } = await page(family)
  const child = members.find(({ personId }: { personId: string }) => personId === family.child)
  t.match(child, {
    name: '田中 結衣',
    birthDate: '2021-10-02',
    placement: { code: 'nursery', since: '2024-06-03' },
  })
  t.ok(members.some(({ personId }: { personId: string }) => personId === second))
})

await t.test('the ward is the one of today: a move counts from its day', async (t) => {
  const family = await registerFamily(door, { occurredOn: '2024-01-10' })
  await done(door, 'nakamura', `/v1/families/${family.id}/move`, { to: '141101', movedOn: '2024-07-01' })
  t.equal((await page(family)).ward, '141097', 'it has not come yet')
  now = '2024-06-30T14:59:59.000Z'
  t.equal((await page(family)).ward, '141097', 'the last second of June in Japan')
  now = '2024-06-30T15:00:00.000Z'
  t.equal((await page(family)).ward, '141101', 'the first of July in Japan')
  await done(door, 'nakamura', `/v1/families/${family.id}/move`, { to: '141178', movedOn: '2024-03-01' })
  t.equal((await page(family)).ward, '141101', 'a move learned of late lies before it')
  await done(door, 'nakamura', `/v1/families/${family.id}/move`, {})
  t.equal((await page(family)).ward, null, 'nobody knows where to')
  now = '2024-06-03T01:00:00.000Z'
})

await t.test('what is open has an owner and, where a clock runs, a day', async (t) => {
  const family = await registerFamily(door)
  const notice = newId()
  await done(door, 'nakamura', `/v1/notices/${notice}/record`, {
    familyId: family.id,
    noticeKind: ['isolation'],
  })
  const consultationId = await openConsultation(door, family)
  const { id: referral } = await sendReferral(door, family, { consultationId, urgency: 'urgent' })

  const itemsFor = async (who: 'partner' | 'mchCoordinator') =>
    new Map<string, object>(
      (await page(family, who)).openItems.map((item: { stream: string }) => [item.stream, item]),
    )
  const items = await itemsFor('partner')
  t.match(items.get(`notice-${notice}`), {
    kind: 'notice',
    state: 'recorded',
    due: '2024-06-10',
    owner: { staffId: 'nakamura' },
  })
  t.match(items.get(`consultation-${consultationId}`), {
    state: 'linking',
    due: null,
    owner: { staffId: 'saito' },
  })
  t.match(items.get(`referral-${referral}`), {
    state: 'sent',
    due: '2024-06-04',
    owner: { organizationId: 'ORG-141097-W', desk: 'wardMchCoordinator' },
    urgency: 'urgent',
  })

  await done(door, 'mchCoordinator', `/v1/referrals/${referral}/accept`, {
    assignee: 'hayashi',
    plannedContactOn: '2024-06-05',
  })
  const theirs = await itemsFor('mchCoordinator')
  t.match(theirs.get(`referral-${referral}`), {
    state: 'accepted',
    owner: { organizationId: 'ORG-141097-W', staffId: 'hayashi' },
  })
  t.equal(theirs.size, 1, 'the ward sees the one it shares')

  await done(door, 'nakamura', `/v1/notices/${notice}/share-in-team`, { decision: 'keepEyeOn' })
  t.notOk((await itemsFor('partner')).has(`notice-${notice}`), 'shared is settled')
})

await t.test('an auditor sees who is there, not what they are called', async (t) => {
  const family = await registerFamily(door)
  await recordVisit(door, family)
  const { members } = await page(family, 'auditor')
  t.strictSame(members, [
    { personId: family.mother, as: 'caregiver', relation: 'mother' },
    { personId: family.child, as: 'child' },
  ])
})

await t.test('a family is found by its card, or by an exact name with a birth date', async (t) => {
  const family = await registerFamily(door, {
    card: 'K-77',
    caregivers: [{ name: '佐藤　ハナ', relation: 'mother' }],
    children: [{ name: 'ユイ', birthDate: '2022-02-02' }],
  })
  const headers = await fresh(door)
  const find = async (query: Record<string, string>) =>
    ('name' in query
      ? await door.post('nakamura', '/v1/families/search', query, headers)
      : await door.get('nakamura', `/v1/families?${new URLSearchParams(query)}`, headers)
    ).json().families
  const found = [{ familyId: family.id }]
  t.strictSame(await find({ card: 'K-77' }), found)
  t.strictSame(await find({ name: 'ユイ', birthDate: '2022-02-02' }), found)
  t.strictSame(await find({ name: 'ﾕｲ', birthDate: '2022-02-02' }), found, 'width is no difference')
  t.strictSame(
    await find({ name: '佐藤ハナ', birthDate: '2022-02-02' }),
    found,
    'the mother’s name, the child’s birth date',
  )
  for (const query of [
    { card: 'K-7' },
    { card: 'K%' },
    { name: 'ユ', birthDate: '2022-02-02' },
    { name: 'ユイ', birthDate: '2022-02-03' },
    { name: '%', birthDate: '2022-02-02' },
  ])
    t.strictSame(await find(query as Record<string, string>), [], JSON.stringify(query))
  const contract = new URLSearchParams({ name: 'ユイ', birthDate: '2022-02-02' })
  t.strictSame((await door.get('nakamura', `/v1/families?${contract}`, headers)).json().families, found)
  t.strictSame((await door.get('elsewhere', `/v1/families?${contract}`, headers)).json().families, [])
  for (const body of [{}, { name: 'ユイ' }, { birthDate: '2022-02-02' }, { card: 'K-77' }])
    problem(t, await door.post('nakamura', '/v1/families/search', body), 400, 'request/invalid')
  for (const query of [{}, { name: 'ユイ' }, { birthDate: '2022-02-02' }, { card: 'K-77', name: 'ユイ' }])
    problem(
      t,
      await door.get('nakamura', `/v1/families?${new URLSearchParams(query as Record<string, string>)}`),
      400,
      'request/invalid',
    )
})

await t.test('among thirty of one name each is found by its own birth date', async (t) => {
  const families = []
  for (let day = 1; day <= 30; day++)
    families.push(
      await registerFamily(door, {
        children: [{ name: '同名', birthDate: `2020-01-${String(day).padStart(2, '0')}` }],
      }),
    )
  const headers = await fresh(door)
  for (const [i, family] of families.entries()) {
    const query = { name: '同名', birthDate: `2020-01-${String(i + 1).padStart(2, '0')}` }
    t.strictSame((await door.post('nakamura', '/v1/families/search', query, headers)).json().families, [
      { familyId: family.id },
    ])
  }
})

await t.test(
  'a card that the ward corrects is still found by the hub that registered the family',
  async (t) => {
    const family = await registerFamily(door, { card: 'K-OLD' })
    await sendReferral(door, family)
    await done(door, 'mchCoordinator', `/v1/families/${family.id}/update-profile`, { card: 'K-NEW' })
    const headers = await fresh(door)
    const at = async (card: string) =>
      (await door.get('nakamura', `/v1/families?card=${card}`, headers)).json().families
    t.strictSame(await at('K-NEW'), [{ familyId: family.id }])
    t.strictSame(await at('K-OLD'), [])
  },
)
