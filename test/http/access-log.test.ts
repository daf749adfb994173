import t from 'tap'
import { streamName } from '#domain/kernel/event.ts'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { newId, openTestDoor, problem, staff, type Who } from '#test/kit/door.ts'
import {
  done,
  type Family,
  fresh,
  openConsultation,
  registerFamily,
  sendReferral,
  sendUnderConsent,
} from '#test/kit/door-story.ts'

let now = '2024-06-04T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })
const views = async ({ id }: Family) =>
  (await door.system.store.read(streamName('access', id))).map(({ data, metadata }) => ({
    ...data,
    by: metadata.actor.staffId,
  }))
const timeline = async (who: Who, family: Family, headers = {}) =>
  door.get(who, `/v1/families/${family.id}/timeline`, { ...(await fresh(door)), ...headers })

await t.test('who reads a consultation is written down: what, whose, why, under which rule', async (t) => {
  const family = await registerFamily(door)
  await openConsultation(door, family)
  t.equal((await timeline('partner', family, { 'x-purpose': 'handover' })).statusCode, 200)
  t.strictSame(await views(family), [
    {
      purpose: 'handover',
      route: '/v1/families/:id/timeline',
      classes: ['consultationSummary'],
      holders: ['ORG-141097-H'],
      rules: ['4.6/consultationSummary/hubPartner'],
      count: 1,
      by: 'saito',
    },
  ])
})

await t.test('what stands on the next page was not seen on this one', async (t) => {
  const family = await registerFamily(door)
  for (const _ of [1, 2, 3]) await openConsultation(door, family)
  const headers = await fresh(door)
  const path = `/v1/families/${family.id}/timeline?kind=consultation&limit=2`
  const page = (await door.get('partner', path, headers)).json()
  t.equal(page.entries.length, 2)
  t.type(page.next, 'string', 'there is more')
  t.match(await views(family), [{ count: 2 }])
})

await t.test('what is not watched is not written down', async (t) => {
  const family = await registerFamily(door)
  await timeline('partner', family)
  t.strictSame(await views(family), [])
})

await t.test('a purpose nobody knows is refused, and nothing is shown or written', async (t) => {
  const family = await registerFamily(door)
  await openConsultation(door, family)
  problem(t, await timeline('partner', family, { 'x-purpose': 'curiosity' }), 400, 'request/invalid')
  t.strictSame(await views(family), [])
})

await t.test('where the access cannot be written down, nothing is shown', async (t) => {
  const words = 'hisoka-na-kotoba'
  const family = await registerFamily(door, {
    caregivers: [{ name: '田中 花', relation: 'mother', contact: { phone: words } }],
  })
  const { id: familyId } = family
  const consultation = await openConsultation(door, family)
  const notice = newId()
  await done(door, 'nakamura', `/v1/notices/${notice}/record`, {
    familyId,
    noticeKind: ['isolation'],
    abuseCheck: 'noConcern',
    facts: words,
  })
  const [{ personId }] = (await door.get('partner', `/v1/families/${familyId}`, await fresh(door))).json()
    .members
  const request = newId()
  await done(door, 'partner', `/v1/disclosure-requests/${request}/receive`, {
    familyId,
    personId,
    requesterKind: 'self',
    identityCheck: 'photoDocument',
  })
  await done(door, 'director', `/v1/disclosure-requests/${request}/decide`, { outcome: 'granted' })
  const written = await views(family)
  const headers = await fresh(door)
  const paths = [
    `/v1/families/${familyId}`,
    `/v1/families/${familyId}/timeline`,
    `/v1/families/${familyId}/timeline?asOf=${headers['min-position']}`,
    `/v1/consultations/${consultation}`,
    `/v1/notices/${notice}`,
    `/v1/disclosure-requests/${request}/export`,
  ]
  for (const path of paths) t.equal((await door.get('partner', path, headers)).statusCode, 200, path)
  t.equal((await views(family)).length, written.length + paths.length, 'each of them is watched')

  const { store } = door.system
  const { append } = store
  t.teardown(() => Object.assign(store, { append }))
  Object.assign(store, { append: async () => Promise.reject(new StoreUnavailable('disk full')) })
  for (const path of paths) {
    const answer = await door.get('partner', path, headers)
    problem(t, answer, 503, 'service/unavailable')
    t.notMatch(answer.body + JSON.stringify(answer.headers), words)
    t.notOk(answer.headers.etag ?? answer.headers.link, path)
  }
  Object.assign(store, { append })
  t.equal((await views(family)).length, written.length + paths.length)
})

await t.test('a withdrawal that comes between making an answer and releasing it, wins', async (t) => {
  const family = await registerFamily(door)
  const { consentId, referralId } = await sendUnderConsent(door, family, '眠れていない')
  const headers = await fresh(door)
  const before = await door.get('mchCoordinator', `/v1/families/${family.id}/timeline`, headers)
  t.match(before.body, '眠れていない')
  const { store } = door.system
  const { append } = store
  let withdrawn = false
  const withdrawFirst: typeof append = async (stream, expected, events) => {
    if (!withdrawn && stream.startsWith('access-')) {
      withdrawn = true
      await done(door, 'partner', `/v1/consents/${consentId}/withdraw`, {})
    }
    return append.call(store, stream, expected, events)
  }
  t.teardown(() => Object.assign(store, { append }))
  Object.assign(store, { append: withdrawFirst })
  const after = await door.get('mchCoordinator', `/v1/families/${family.id}/timeline`, headers)
  Object.assign(store, { append })
  t.equal(after.statusCode, 200)
  t.notMatch(after.body, '眠れていない')
  t.match(after.body, referralId, 'the envelope stays')
  const seen = await views(family)
  t.equal(seen.length, 2, 'what was disclosed before stays in the audit; the interrupted reading, too')
})

await t.test('glass is broken for one family, four hours, with somebody told and a review due', async (t) => {
  const family = await registerFamily(door)
  await openConsultation(door, family)
  const other = await registerFamily(door)
  const path = `/v1/families/${family.id}/timeline`
  problem(t, await door.get('elsewhere', path, await fresh(door)), 404, 'request/not-found')

  const id = newId()
  const use = (body: object) =>
    door.post('elsewhere', `/v1/break-glass/${id}/use`, { familyId: family.id, ...body })
  problem(t, await use({ reason: '緊急', secondPerson: 'nobody-here' }), 400, 'break-glass/told-nobody')
  const { staffId } = staff.elsewhere
  problem(t, await use({ reason: '緊急', secondPerson: staffId }), 400, 'break-glass/told-nobody')
  t.equal((await use({ reason: '緊急', secondPerson: 'saito' })).statusCode, 201)

  const opened = await door.get('elsewhere', path, await fresh(door))
  t.equal(opened.statusCode, 200)
  t.match(opened.body, 'ConsultationOpened')
  t.match((await views(family)).at(-1), { rules: ['R-ACC-4'], by: staffId })
  problem(t, await door.get('elsewhere', `/v1/families/${other.id}/timeline`), 404, 'request/not-found')
  problem(
    t,
    await door.post('elsewhere', `/v1/visits/${newId()}/record`, {
      familyId: family.id,
      visitors: ['mother'],
    }),
    404,
    'visit/not-found',
  )

  const [used] = await door.system.store.read(streamName('breakGlass', id))
  t.match(used?.data, { until: '2024-06-04T05:00:00.000Z', reviewDueOn: '2024-06-11' })
  now = '2024-06-04T05:00:00.000Z'
  problem(t, await door.get('elsewhere', path, await fresh(door)), 404, 'request/not-found')

  problem(
    t,
    await door.post('partner', `/v1/break-glass/${id}/review`, { finding: 'justified' }),
    403,
    'access/role-not-allowed',
  )
  t.equal(
    (await door.post('auditor', `/v1/break-glass/${id}/review`, { finding: 'notJustified' })).statusCode,
    200,
  )
})

await t.test('no glass opens what a declared conflict has closed', async (t) => {
  const family = await registerFamily(door)
  await done(door, 'admin', '/v1/staff/saito/declare-conflict', {
    families: [family.id],
    conflict: 'relative',
  })
  const answer = await door.post('partner', `/v1/break-glass/${newId()}/use`, {
    familyId: family.id,
    reason: '緊急',
    secondPerson: 'nakamura',
  })
  problem(t, answer, 404, 'break-glass/not-found')
  await done(door, 'admin', '/v1/staff/saito/end-conflict', { families: [family.id] })
})

await t.test(
  'who may read the log: auditors all of it, managers what concerns their own records',
  async (t) => {
    const family = await registerFamily(door)
    await openConsultation(door, family)
    await sendReferral(door, family, { summary: '産後' })
    await timeline('partner', family)
    await timeline('mchCoordinator', family)
    const path = `/v1/families/${family.id}/access-log`
    const headers = await fresh(door)
    const logFor = async (who: Who) => (await door.get(who, path, headers)).json().views
    const all = await logFor('auditor')
    t.strictSame(
      all.map(({ staffId, holder }: { staffId: string; holder: string }) => [staffId, holder]),
      [
        [staff.mchCoordinator.staffId, 'ORG-141097-H'],
        ['saito', 'ORG-141097-H'],
      ],
    )
    t.strictSame(await logFor('director'), all, 'whose records they are')
    t.strictSame(await logFor('wardManager'), [], 'none of the ward’s own was read')
    for (const who of ['nakamura', 'partner', 'mchCoordinator'] as const)
      problem(t, await door.get(who, path, headers), 403, 'access/role-not-allowed')
    problem(t, await door.get('directorElsewhere', path, headers), 404, 'request/not-found')

    const summary = (await door.get('director', `${path}/summary`, headers)).json()
    t.strictSame(summary.months, [
      { month: '2024-06', organization: 'ORG-141097-H', role: 'hubPartner', purpose: 'support', times: 1 },
      {
        month: '2024-06',
        organization: 'ORG-141097-W',
        role: 'wardMchCoordinator',
        purpose: 'support',
        times: 1,
      },
    ])
    t.notMatch(JSON.stringify(summary), /saito|council/)
  },
)

await t.test(
  'auditors see whose glass was broken and not yet asked about; the second person sees it, too',
  async (t) => {
    const family = await registerFamily(door)
    const id = newId()
    await done(door, 'elsewhere', `/v1/break-glass/${id}/use`, {
      familyId: family.id,
      reason: '緊急',
      secondPerson: 'saito',
    })
    const headers = await fresh(door)
    const open = (await door.get('auditor', '/v1/audit/break-glass', headers)).json().uses
    t.match(
      open.filter((use: { id: string }) => use.id === id),
      [{ familyId: family.id, staffId: staff.elsewhere.staffId, secondPerson: 'saito' }],
    )
    const told = (await door.get('partner', '/v1/worklists/break-glass', headers)).json().items
    t.ok(told.some((item: { id: string }) => item.id === id))
    const untold = (await door.get('nakamura', '/v1/worklists/break-glass', headers)).json().items
    t.notOk(untold.some((item: { id: string }) => item.id === id))
  },
)

await t.test(
  'who asks for what is there and not for them is told that there is nothing, and is written down',
  async (t) => {
    const family = await registerFamily(door)
    const consultation = await openConsultation(door, family)
    const path = `/v1/families/${family.id}`
    await done(door, 'admin', '/v1/staff/shisetsucho/declare-conflict', {
      families: [family.id],
      conflict: 'neighbour',
    })
    const asked = [
      ['elsewhere', `${path}/timeline`, '/v1/families/:id/timeline', 'relation'],
      ['elsewhere', path, '/v1/families/:id', 'relation'],
      ['elsewhere', `/v1/consultations/${consultation}`, '/v1/consultations/:id', 'relation'],
      ['director', `/v1/consultations/${consultation}`, '/v1/consultations/:id', 'R-ACC-3'],
      ['director', `${path}/access-log`, '/v1/families/:id/access-log', 'R-ACC-3'],
      ['coordinator', `/v1/consultations/${consultation}`, '/v1/consultations/:id', 'default'],
    ] as const
    const headers = await fresh(door)
    for (const [who, url] of asked) t.equal((await door.get(who, url, headers)).statusCode, 404, url)
    const looks = (await door.get('auditor', `${path}/access-log`, await fresh(door))).json().views
    t.strictSame(
      looks
        .map((look: Record<string, unknown>) => [look.staffId, look.route, look.rules, look.outcome])
        .reverse(),
      asked.map(([who, , route, rule]) => [staff[who].staffId, route, [rule], 'refused']),
    )
    await done(door, 'admin', '/v1/staff/shisetsucho/end-conflict', { families: [family.id] })
    const summary = await door.get('director', `${path}/access-log/summary`, headers)
    t.strictSame(summary.json().months, [], 'a refused reading is none')

    const nobody = newId()
    await door.get('elsewhere', `/v1/families/${nobody}`, headers)
    t.strictSame(await views({ ...family, id: nobody }), [], 'of what is not there, nothing')
  },
)

await t.test('told has to be somebody who works on cases, and may hear of this family', async (t) => {
  const family = await registerFamily(door)
  const use = (secondPerson: string) =>
    door.post('elsewhere', `/v1/break-glass/${newId()}/use`, {
      familyId: family.id,
      reason: '緊急',
      secondPerson,
      occurredOn: '2024-01-09',
    })
  for (const who of ['auditor', 'admin', 'integration', 'bureau'] as const)
    problem(t, await use(staff[who].staffId), 400, 'break-glass/told-nobody')
  await done(door, 'admin', '/v1/staff/hayashi/declare-conflict', {
    families: [family.id],
    conflict: 'relative',
  })
  problem(t, await use('hayashi'), 400, 'break-glass/told-nobody')
  await done(door, 'admin', '/v1/staff/hayashi/end-conflict', { families: [family.id] })
  const { id } = (await use('hayashi')).json()
  const [used] = await door.system.store.read(streamName('breakGlass', id))
  t.match(used?.data, { reviewDueOn: /^2024-06-1\d$/ }, 'not backdated')
  await done(door, 'admin', '/v1/staff/hayashi/close-account', { reason: 'left' })
  problem(t, await use('hayashi'), 400, 'break-glass/told-nobody')
})
