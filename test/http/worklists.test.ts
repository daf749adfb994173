import t from 'tap'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'
import {
  done,
  fresh,
  openConsultation,
  recordVisit,
  registerFamily,
  sendReferral,
} from '#test/kit/door-story.ts'

let now = '2024-06-03T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })
type Item = Readonly<Record<string, unknown>>
type List = { readonly name: string; readonly items: readonly Item[]; readonly next?: string }

const list = async (who: Parameters<typeof door.get>[0], name: string): Promise<List> => {
  const response = await door.get(who, `/v1/worklists/${name}`, await fresh(door))
  if (response.statusCode !== 200) throw new Error(response.body)
  return response.json()
}

const family = await registerFamily(door)
const consultationId = await openConsultation(door, family)
const first = await sendReferral(door, family, { occurredOn: '2024-05-20' })
const second = await sendReferral(door, family, {
  destinationKind: 'wardDistrictNurse',
  occurredOn: '2024-05-10',
})

await t.test('the sender finds it going out, the receiver coming in, the oldest first', async (t) => {
  for (const [who, name] of [
    ['partner', 'referrals-out'],
    ['mchCoordinator', 'referrals-in'],
  ] as const) {
    const { items } = await list(who, name)
    t.strictSame(
      items.map(({ referralId }) => referralId),
      [second.id, first.id],
    )
    t.match(items[0], {
      state: 'sent',
      urgency: 'normal',
      from: 'ORG-141097-H',
      to: 'ORG-141097-W',
      open: true,
    })
  }
  t.strictSame((await list('partner', 'referrals-in')).items, [])
  t.strictSame((await list('elsewhere', 'referrals-out')).items, [])
  t.strictSame((await list('elsewhereInWard', 'referrals-in')).items, [])
})

await t.test('what has ended leaves the list, and is there when asked for', async (t) => {
  const { id } = await sendReferral(door, family, { destinationKind: 'wardChildFamily' })
  await done(door, 'partner', `/v1/referrals/${id}/withdraw`)
  const has = ({ items }: List) => items.some(({ referralId }) => referralId === id)
  t.notOk(has(await list('partner', 'referrals-out')))
  t.ok(has(await list('partner', 'referrals-out?open=false')))
})

await t.test('a draft is on nobody’s list but in the sender’s hands', async (t) => {
  const id = newId()
  await done(door, 'partner', `/v1/referrals/${id}/draft`, {
    familyId: family.id,
    direction: 'inlet',
    linkLevel: 'accompany',
    urgency: 'normal',
    toOrganization: 'ORG-141097-W',
    destinationKind: 'wardLivingSupport',
  })
  t.notOk((await list('mchCoordinator', 'referrals-in')).items.some(({ referralId }) => referralId === id))
})

await t.test(
  'open consultations, unshared notices and unmatched care are lists of those who keep them',
  async (t) => {
    const notice = newId()
    await done(door, 'nakamura', `/v1/notices/${notice}/record`, {
      familyId: family.id,
      noticeKind: ['isolation'],
    })
    const care = newId()
    await done(door, 'coordinator', `/v1/care-requests/${care}/request`, {
      familyId: family.id,
      activityType: 'care',
      place: 'hiroba',
    })
    for (const [name, id, who] of [
      ['consultations-open', consultationId, 'partner'],
      ['notices-unshared', notice, 'partner'],
      // Of matches the partner sees those in a plan of theirs (4.6).
      ['care-unmatched', care, 'coordinator'],
    ] as const) {
      const { items } = await list(who, name)
      t.ok(
        items.some((item) => item.id === id),
        name,
      )
      t.notOk(
        items.some((item) => 'opener' in item || 'receiver' in item),
        'what is for the view stays in the view',
      )
      t.strictSame((await list('mchCoordinator', name)).items, [])
    }
  },
)

await t.test('overdue is what should have been done by the day before, in Japan', async (t) => {
  const { id } = await sendReferral(door, family, { destinationKind: 'wardLivingSupport', urgency: 'urgent' })
  const isOverdue = async () => (await list('mchCoordinator', 'overdue')).items.some((item) => item.id === id)
  now = '2024-06-04T14:59:00.000Z'
  t.notOk(await isOverdue(), 'the day is not over')
  now = '2024-06-04T15:01:00.000Z'
  t.ok(await isOverdue(), 'it is')
  await done(door, 'mchCoordinator', `/v1/referrals/${id}/acknowledge`)
  t.notOk(await isOverdue(), 'answered')
  now = '2024-06-03T01:00:00.000Z'
})

await t.test('a missed clock is noted once and shown', async (t) => {
  now = '2024-06-20T01:00:00.000Z'
  await door.settled()
  await door.system.processes.tick()
  await door.system.processes.tick()
  const { items } = await list('mchCoordinator', 'referrals-in')
  const missed = items.find(({ referralId }) => referralId === first.id)?.missed as readonly {
    clock: string
  }[]
  t.strictSame(missed.filter(({ clock }) => clock === 'ack').length, 1)
  now = '2024-06-03T01:00:00.000Z'
})

await t.test('lists page without holes', async (t) => {
  for (const [who, name, key] of [
    ['mchCoordinator', 'referrals-in', 'referralId'],
    ['partner', 'consultations-open', 'id'],
  ] as const) {
    for (let i = 0; i < 5; i++) {
      const other = await registerFamily(door)
      await openConsultation(door, other)
      await sendReferral(door, other)
    }
    const whole = (await list(who, name)).items.map((item) => item[key])
    const pages: unknown[] = []
    let query = 'limit=2'
    for (let guard = 0; guard < 30; guard++) {
      const page = await list(who, `${name}?${query}`)
      pages.push(...page.items.map((item) => item[key]))
      if (!page.next) break
      query = `limit=2&cursor=${page.next}`
    }
    t.strictSame(pages, whole, name)
  }
  const { next } = await list('mchCoordinator', 'referrals-in?limit=1')
  problem(t, await door.get('partner', `/v1/worklists/referrals-out?cursor=${next}`), 400, 'request/invalid')
})

await t.test('a list that is none is not found; who has no cases has no lists', async (t) => {
  for (const name of ['nothing', 'constructor', '__proto__', 'referrals-', 'referrals-sideways'])
    problem(t, await door.get('partner', `/v1/worklists/${name}`), 404, 'request/not-found')
  for (const who of ['auditor', 'integration', 'bureau', 'admin'] as const)
    problem(t, await door.get(who, '/v1/worklists/referrals-in'), 403, 'access/role-not-allowed')
})

await t.test('the state of one thing has its version as ETag', async (t) => {
  const response = await door.get('mchCoordinator', `/v1/referrals/${first.id}`)
  t.equal(response.statusCode, 200)
  t.match(response.json(), { id: first.id, kind: 'referral', state: 'sent', familyId: family.id })
  t.equal(response.headers.etag, `"${response.json().version}"`)
  const matched = await door.post(
    'mchCoordinator',
    `/v1/referrals/${first.id}/acknowledge`,
    {},
    { 'if-match': String(response.headers.etag) },
  )
  t.equal(matched.statusCode, 200)
  t.equal(
    (await door.get('mchCoordinator', `/v1/referrals/${first.id}`)).json().state,
    'acknowledged',
    'at once',
  )
})

await t.test('a work list shows no colleague what asking for it would refuse', async (t) => {
  const family = await registerFamily(door)
  const id = await openConsultation(door, family)
  const headers = await fresh(door)
  for (const [who, sees] of [
    ['partner', true],
    ['nakamura', true],
    // 4.6: summaries of consultations are for kosapo only where it is addressed or has something to do for the family.
    ['coordinator', false],
  ] as const) {
    const { items } = (await door.get(who, '/v1/worklists/consultations-open?limit=500', headers)).json()
    t.equal(
      items.some((item: { id: string }) => item.id === id),
      sees,
      who,
    )
    t.equal((await door.get(who, `/v1/consultations/${id}`, headers)).statusCode, sees ? 200 : 404, who)
  }
})

await t.test(
  'of what somebody may only know that it is there, a list says no more than asking for it',
  async (t) => {
    const family = await registerFamily(door)
    const id = newId()
    await done(door, 'coordinator', `/v1/care-requests/${id}/request`, {
      familyId: family.id,
      activityType: 'care',
      place: 'hiroba',
      wantedFrom: '2030-01-02T10:00:00+09:00',
    })
    const headers = await fresh(door)
    const own = (await door.get('coordinator', '/v1/worklists/care-unmatched?limit=500', headers)).json()
      .items
    const others = (await door.get('nakamura', '/v1/worklists/care-unmatched?limit=500', headers)).json()
      .items
    const find = (items: readonly Item[]) => items.find((item) => item.id === id)
    t.match(find(own), { state: 'requested', due: String, owner: { staffId: 'hara' } })
    t.strictSame(
      new Set(Object.keys(find(others) ?? {})),
      new Set(['familyId', 'id', 'kind', 'openedOn', 'owner', 'stream']),
    )
    t.strictSame(find(others)?.owner, { organizationId: 'ORG-141097-H' })
    const page = (await door.get('nakamura', `/v1/families/${family.id}`, headers)).json()
    t.notMatch(JSON.stringify(page.openItems), /2030|requested|hara/)
    const site = async (at: string) =>
      (
        await door.get('coordinator', `/v1/families/${family.id}/timeline?site=${at}`, await fresh(door))
      ).json().entries
    await recordVisit(door, family)
    t.notOk((await site('SITE-141097-1')).some(({ kind }: { kind: string }) => kind === 'visit'))
  },
)
