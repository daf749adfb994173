import t from 'tap'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral } from '#test/kit/door-story.ts'

const CANARY = 'kanaria8b21'
const DATE = '2021-09-09'
let now = '2024-06-03T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })

type Event = {
  readonly position: string
  readonly type: string
  readonly stream: string
  readonly recordedAt: string
  readonly data: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, unknown>> & { readonly actor: { readonly staffId: string } }
}
const audit = async (query = ''): Promise<{ events: readonly Event[]; after: string; more: boolean }> => {
  const response = await door.get('auditor', `/v1/audit/events?limit=1000${query && `&${query}`}`)
  if (response.statusCode !== 200) throw new Error(response.body)
  return response.json()
}

const family = await registerFamily(door, {
  caregivers: [
    {
      name: CANARY,
      kana: CANARY,
      relation: 'mother',
      contact: { phone: CANARY, email: CANARY, address: CANARY },
    },
  ],
  children: [{ name: CANARY, birthDate: DATE }],
})
const visit = newId()
await done(door, 'nakamura', `/v1/visits/${visit}/record`, {
  familyId: family.id,
  visitors: ['mother'],
  toldBy: CANARY,
  lateReason: CANARY,
  childAdded: { personId: newId(), birthDate: DATE, name: CANARY },
})
await done(door, 'nakamura', `/v1/notices/${newId()}/record`, {
  familyId: family.id,
  noticeKind: ['isolation'],
  facts: CANARY,
  impression: CANARY,
  approach: CANARY,
})
await done(door, 'partner', `/v1/consultations/${newId()}/record-chat`, {
  familyId: family.id,
  trigger: 'alongsideVisit',
  service: 'hirobaTalk',
  facts: CANARY,
  impression: CANARY,
  participants: [CANARY],
  closeReason: CANARY,
})
now = '2024-06-04T01:00:00.000Z'
const { id: referral } = await sendReferral(door, family, { basisReason: CANARY, summary: CANARY })
await done(door, 'mchCoordinator', `/v1/referrals/${referral}/decline`, {
  reason: 'outOfScope',
  note: CANARY,
})
await door.settled()

await t.test('every event, in the order of the log, without a hole', async (t) => {
  const { events, after, more } = await audit()
  const positions = events.map(({ position }) => Number(position))
  t.strictSame(
    positions,
    positions.map((_, i) => i + 1),
  )
  t.equal(after, String(await door.system.store.head()))
  t.equal(more, false)
  t.match(events.at(-1), {
    type: 'ReferralDeclined',
    stream: `referral-${referral}`,
    recordedAt: now,
    metadata: {
      actor: { staffId: 'ogawa', role: 'wardMchCoordinator', organizationId: 'ORG-141097-W' },
      familyId: family.id,
      dataClass: String,
      correlationId: String,
      commandId: String,
    },
  })
})

await t.test('what was done is shown, what was said is not', async (t) => {
  const { events } = await audit()
  const text = JSON.stringify(events)
  t.notMatch(text, CANARY)
  t.notMatch(text, DATE, 'nor when a child was born')
  t.notMatch(text, '職員', 'nor what the staff are called')
  t.notMatch(text, 'commandHash')
  const registered = events.find(
    ({ type, metadata }) => type === 'FamilyRegistered' && metadata.familyId === family.id,
  )
  t.match(registered?.data, { residenceWard: '141097', caregivers: [{ relation: 'mother', name: '■' }] })
  const recorded = events.find(({ stream }) => stream === `visit-${visit}`)
  t.match(recorded?.metadata, { toldBy: '■', lateReason: '■' })
})

await t.test('filters: family, stream, type, actor', async (t) => {
  const { events } = await audit()
  const wanted = (keep: (event: Event) => boolean) => events.filter(keep).map(({ position }) => position)
  const found = async (query: string) => (await audit(query)).events.map(({ position }) => position)
  t.strictSame(
    await found(`family=${family.id}`),
    wanted(({ metadata }) => metadata.familyId === family.id),
  )
  t.strictSame(
    await found(`family=${family.id.toUpperCase()}`),
    wanted(({ metadata }) => metadata.familyId === family.id),
  )
  t.strictSame(
    await found(`stream=referral-${referral}`),
    wanted(({ stream }) => stream === `referral-${referral}`),
  )
  t.strictSame(
    await found('type=ReferralSent'),
    wanted(({ type }) => type === 'ReferralSent'),
  )
  t.strictSame(
    await found('actor=ogawa'),
    wanted(({ metadata }) => metadata.actor.staffId === 'ogawa'),
  )
  t.strictSame(await found(`actor=ogawa&family=${newId()}`), [])
})

await t.test('as of a position and of a time', async (t) => {
  t.equal((await audit('asOf=5')).events.length, 5)
  t.ok((await audit('asOf=2024-06-03T12:00:00Z')).events.every(({ recordedAt }) => recordedAt < '2024-06-04'))
  t.notOk((await audit('asOf=2024-06-03T12:00:00Z')).events.some(({ type }) => type === 'ReferralSent'))
  t.ok((await audit('asOf=2024-06-04T12:00:00Z')).events.some(({ type }) => type === 'ReferralSent'))
})

await t.test('pages join to the whole', async (t) => {
  const whole = (await audit()).events.map(({ position }) => position)
  const pieces: string[] = []
  let url = '/v1/audit/events?limit=20'
  for (let guard = 0; guard < 50; guard++) {
    const response = await door.get('auditor', url)
    pieces.push(...response.json().events.map(({ position }: Event) => position))
    const [, next] = /^<([^>]+)>/.exec(String(response.headers.link ?? '')) ?? []
    if (!next) break
    url = next
  }
  t.strictSame(pieces, whole)
})

await t.test('only auditors', async (t) => {
  for (const who of ['partner', 'director', 'mchCoordinator', 'integration', 'bureau', 'admin'] as const)
    problem(t, await door.get(who, '/v1/audit/events'), 403, 'access/role-not-allowed')
  for (const query of ['limit=0', 'limit=1001', 'after=-1', 'after=x', 'family=x', 'asOf=never', 'who=me'])
    problem(t, await door.get('auditor', `/v1/audit/events?${query}`), 400, 'request/invalid')
})

await t.test('an auditor reads a timeline without words and names', async (t) => {
  const { entries } = (
    await door.get('auditor', `/v1/families/${family.id}/timeline?limit=500`, await fresh(door))
  ).json()
  t.ok(entries.length >= 7)
  const text = JSON.stringify(entries)
  t.notMatch(text, CANARY)
  t.notMatch(text, DATE)
  t.notMatch(text, '職員')
  t.ok(
    entries.every(({ redacted }: { redacted: string[] }) => redacted.length > 0),
    'and is told so',
  )
  t.notMatch((await door.get('auditor', `/v1/families/${family.id}`)).body, CANARY)
  t.notMatch((await door.get('auditor', '/v1/staff/ogawa')).body, '職員')
})

await t.test('an auditor changes nothing', async (t) => {
  const head = await door.system.store.head()
  for (const path of [
    `/v1/families/${family.id}/move`,
    `/v1/visits/${visit}/annul`,
    `/v1/referrals/${referral}/close`,
  ])
    problem(t, await door.post('auditor', path, {}), 403, 'access/role-not-allowed')
  t.equal(await door.system.store.head(), head)
})
