import t from 'tap'
import { mainSite } from '#test/kit/controls.ts'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'
import {
  done,
  fresh,
  letterTo,
  openConsultation,
  registerFamily,
  sendReferral,
} from '#test/kit/door-story.ts'

const door = await openTestDoor(t)
const visit = { visitors: ['mother'], children: 1 }

await t.test('what begins answers 201 with a receipt, its version as ETag and its position', async (t) => {
  const id = newId()
  const response = await door.post('nakamura', `/v1/visits/${id}/record`, visit)
  t.equal(response.statusCode, 201)
  const body = response.json()
  t.strictSame(new Set(Object.keys(body)), new Set(['id', 'version', 'position', 'events']))
  t.match(body, { id, version: 1, events: [{ id: /^[0-9a-f-]{36}$/, type: 'VisitRecorded' }] })
  t.equal(response.headers.etag, '"1"')
  t.equal(response.headers['commit-position'], body.position)
  t.equal(body.position, String(await door.system.store.head()))
  t.equal(response.headers['cache-control'], 'no-store')
  t.notOk(response.headers['idempotency-replayed'])
})

await t.test('what goes on answers 200', async (t) => {
  const family = await registerFamily(door)
  const response = await door.post('nakamura', `/v1/families/${family.id}/move`, {
    to: '141101',
    occurredOn: '2022-04-01',
  })
  t.equal(response.statusCode, 200)
  t.match(response.json(), { id: family.id, version: 2, events: [{ type: 'FamilyMoved' }] })
  t.equal(response.headers.etag, '"2"')
})

await t.test('one command may be several events', async (t) => {
  const response = await door.post('partner', `/v1/consultations/${newId()}/record-chat`, {
    trigger: 'alongsideVisit',
    service: 'hirobaTalk',
  })
  t.equal(response.statusCode, 201)
  t.strictSame(
    response.json().events.map(({ type }: { type: string }) => type),
    ['ConsultationOpened', 'ConsultationSessionRecorded', 'ConsultationClosed'],
  )
  t.equal(response.json().version, 3)
  t.equal(response.headers['commit-position'], String(await door.system.store.head()))
})

await t.test('what is already so answers 200 without an event and says where it stands', async (t) => {
  const family = await registerFamily(door)
  const child = { personId: family.child, birthDate: '2021-10-02' }
  const head = await door.system.store.head()
  const response = await door.post('nakamura', `/v1/families/${family.id}/add-child`, child)
  t.equal(response.statusCode, 200)
  t.match(response.json(), { id: family.id, version: 1, events: [] })
  t.equal(response.headers.etag, '"1"')
  t.equal(await door.system.store.head(), head)
})

await t.test('an id is the same in capitals', async (t) => {
  const id = newId()
  const response = await door.post('nakamura', `/v1/visits/${id.toUpperCase()}/record`, visit)
  t.equal(response.statusCode, 201)
  t.equal(response.json().id, id)
})

await t.test('a body may be absent where nothing has to be said', async (t) => {
  const family = await registerFamily(door)
  const { id } = await sendReferral(door, family)
  const response = await door.inject({
    method: 'POST',
    url: `/v1/referrals/${id}/acknowledge`,
    headers: { authorization: `Bearer ${door.token('mchCoordinator')}` },
  })
  t.equal(response.statusCode, 200)
  t.match(response.json().events, [{ type: 'ReferralAcknowledged' }])
})

await t.test('the site of the one who records is meant unless said', async (t) => {
  const id = newId()
  await done(door, 'nakamura', `/v1/visits/${id}/record`, visit)
  const [event] = await door.system.store.read(`visit-${id}`)
  t.equal(event?.data.site, mainSite)
})

await t.test('If-Match lets the version pass that was seen, and no other', async (t) => {
  const family = await registerFamily(door)
  const path = `/v1/families/${family.id}/assess-type`
  const first = await door.post('nakamura', path, { familyType: 'B' }, { 'if-match': '"1"' })
  t.equal(first.statusCode, 200, first.body)
  const stale = await door.post('nakamura', path, { familyType: 'unknown' }, { 'if-match': '"1"' })
  problem(t, stale, 412, 'request/stale')
  t.equal(stale.headers.etag, '"2"', 'says the current one')
  t.equal(
    (await door.post('nakamura', path, { familyType: 'unknown' }, { 'if-match': '"2"' })).statusCode,
    200,
  )

  for (const malformed of ['1', 'W/"1"', '"one"', '"1", "2"', '""', '"-1"'])
    problem(
      t,
      await door.post('nakamura', path, { familyType: 'unknown' }, { 'if-match': malformed }),
      400,
      'request/invalid',
    )
})

await t.test('If-Match: * asks that it exists, in whatever version', async (t) => {
  const family = await registerFamily(door)
  const any = { 'if-match': '*' }
  t.equal(
    (await door.post('nakamura', `/v1/families/${family.id}/move`, { to: '141101' }, any)).statusCode,
    200,
  )
  const beginning = await door.post('nakamura', `/v1/visits/${newId()}/record`, visit, any)
  problem(t, beginning, 412, 'request/stale')
})

await t.test('a version of something that never was is not found, whatever it is', async (t) => {
  const response = await door.post(
    'partner',
    `/v1/referrals/${newId()}/accept`,
    {
      assignee: 'ogawa',
      plannedContactOn: '2026-12-01',
    },
    { 'if-match': '"3"' },
  )
  problem(t, response, 404, 'referral/not-found')
  t.notOk(response.headers.etag)
})

await t.test('the domain refuses in this state: code, state, and the version it has', async (t) => {
  const family = await registerFamily(door)
  const { id } = await sendReferral(door, family)
  await done(door, 'mchCoordinator', `/v1/referrals/${id}/decline`, { reason: 'outOfScope' })
  const response = await door.post('mchCoordinator', `/v1/referrals/${id}/accept`, {
    assignee: 'ogawa',
    plannedContactOn: '2199-01-01',
  })
  const body = problem(t, response, 409, 'referral/illegal-transition')
  t.equal(body.state, 'declined')
  t.equal(body.retryable, false)
  t.equal(response.headers.etag, '"2"')
})

await t.test('a rule that blames a field names it', async (t) => {
  const family = await registerFamily(door)
  const late = { personId: newId(), birthDate: '2150-01-01' }
  const born = await door.post('nakamura', `/v1/families/${family.id}/add-child`, late)
  const body = problem(t, born, 400, 'family/born-later')
  t.match(body.errors, [{ pointer: '/birthDate', code: 'born-later', message: String }])

  const basis = await door.post('partner', `/v1/referrals/${newId()}/send`, {
    ...letterTo(family),
    legalBasis: undefined,
  })
  t.match(problem(t, basis, 409, 'referral/no-basis').errors, [{ pointer: '/basis' }])
})

await t.test('every error of a body is named, each with its pointer', async (t) => {
  const response = await door.post('nakamura', `/v1/visits/${newId()}/record`, {
    visitors: [{ kind: 'mother', number: 0 }, 'martian'],
    children: -1,
    site: 7,
    arrivedAt: '25:00',
    nickname: 'x',
  })
  const { errors = [] } = problem(t, response, 400, 'request/invalid')
  const at = (pointer: string) => errors.find((error) => error.pointer === pointer)
  t.match(at('/site'), { code: 'wrong_type', message: 'expected string' })
  t.match(at('/nickname'), { code: 'unknown_field' })
  t.match(at('/arrivedAt'), { code: 'wrong_format' })
  t.ok(errors.some(({ pointer }) => pointer.startsWith('/visitors/0/number')))
  t.ok(errors.some(({ pointer }) => pointer.startsWith('/visitors/1')))
  t.ok(at('/children'))
  t.notMatch(response.body, 'martian')
})

await t.test('a field that is missing is called required', async (t) => {
  const response = await door.post('partner', `/v1/consultations/${newId()}/open`, {})
  const { errors } = problem(t, response, 400, 'request/invalid')
  t.match(errors, [
    { pointer: '/trigger', code: 'required' },
    { pointer: '/service', code: 'required' },
  ])
})

await t.test('a role that may never ask is told so', async (t) => {
  for (const who of ['auditor', 'integration', 'bureau', 'districtNurse'] as const)
    problem(t, await door.post(who, `/v1/visits/${newId()}/record`, visit), 403, 'access/role-not-allowed')
  problem(
    t,
    await door.post('mchCoordinator', `/v1/organizations/ORG-NEW-1/register-partner`, {}),
    403,
    'access/role-not-allowed',
  )
})

await t.test('commands of the system have no door', async (t) => {
  const family = await registerFamily(door)
  const consultation = await openConsultation(door, family)
  for (const path of [
    `/v1/families/${family.id}/note-membership`,
    `/v1/consultations/${consultation}/link`,
    `/v1/referrals/${newId()}/detect-overdue`,
  ])
    problem(t, await door.post('admin', path, {}), 404, 'request/not-found')
})

await t.test('what follows in other streams is there when the answer is', async (t) => {
  const family = await registerFamily(door)
  const consultationId = await openConsultation(door, family)
  await sendReferral(door, family, { consultationId })
  const response = await door.get('partner', `/v1/consultations/${consultationId}`, await fresh(door))
  t.equal(response.json().state, 'linking')
})

await t.test('other methods find nothing there', async (t) => {
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'GET'] as const) {
    const response = await door.inject({
      method,
      url: `/v1/visits/${newId()}/record`,
      headers: { authorization: `Bearer ${door.token('nakamura')}` },
    })
    t.ok([404, 405].includes(response.statusCode), `${method} ${response.statusCode}`)
    t.match(response.headers['content-type'], /^application\/problem\+json/)
  }
})
