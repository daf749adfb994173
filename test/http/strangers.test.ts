import type { LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import { hub, ward } from '#test/kit/controls.ts'
import { newId, openTestDoor, problem, type Who } from '#test/kit/door.ts'
import {
  done,
  fresh,
  letterTo,
  openConsultation,
  recordVisit,
  registerFamily,
  sendReferral,
} from '#test/kit/door-story.ts'

const door = await openTestDoor(t)

/** What somebody who knows nothing can tell apart: everything but the id of the request and the clock. */
const visible = ({ statusCode, headers, body }: LightMyRequestResponse) => {
  const { date: _, ...rest } = headers
  return { statusCode, headers: rest, body: body.replace(/urn:tsunagi:request:[0-9a-f-]+/, '') }
}

const sameAsNothing = (
  t: Test,
  there: LightMyRequestResponse,
  nothing: LightMyRequestResponse,
  code: string,
) => {
  problem(t, there, 404, code)
  t.strictSame(visible(there), visible(nothing))
  t.notOk(there.headers.etag)
}

const family = await registerFamily(door)
const consultationId = await openConsultation(door, family)
const visitId = await recordVisit(door, family)
const noticeId = newId()
await done(door, 'nakamura', `/v1/notices/${noticeId}/record`, {
  familyId: family.id,
  noticeKind: ['isolation'],
})
const consentId = newId()
const scope = { recipients: [ward], dataClasses: ['registration'], people: [family.child] }
await done(door, 'partner', `/v1/consents/${consentId}/give`, {
  familyId: family.id,
  ...scope,
  method: 'written',
})
const { id: referralId } = await sendReferral(door, family)
const careRequestId = newId()
await done(door, 'coordinator', `/v1/care-requests/${careRequestId}/request`, {
  familyId: family.id,
  activityType: 'care',
  place: 'providerHome',
})
const membershipId = newId()
await done(door, 'coordinator', `/v1/memberships/${membershipId}/register`, {
  familyId: family.id,
  kind: 'user',
  orientation: 'group',
})

const things = {
  visits: visitId,
  notices: noticeId,
  consultations: consultationId,
  consents: consentId,
  referrals: referralId,
  'care-requests': careRequestId,
  memberships: membershipId,
} as const

const strangers = ['elsewhere', 'directorElsewhere', 'elsewhereInWard'] as const satisfies readonly Who[]

await t.test('a family of others reads like one that is not there', async (t) => {
  const headers = await fresh(door)
  for (const who of [...strangers, 'integration', 'bureau', 'admin'] as const)
    for (const rest of [
      '',
      '/timeline',
      '/timeline?asOf=5&history=true&order=oldest',
      '/timeline?kind=visit',
    ])
      sameAsNothing(
        t,
        await door.get(who, `/v1/families/${family.id}${rest}`, headers),
        await door.get(who, `/v1/families/${newId()}${rest}`, headers),
        'request/not-found',
      )
})

await t.test('so does each of its records', async (t) => {
  for (const who of strangers)
    for (const [collection, id] of Object.entries(things))
      sameAsNothing(
        t,
        await door.get(who, `/v1/${collection}/${id}`),
        await door.get(who, `/v1/${collection}/${newId()}`),
        'request/not-found',
      )
})

const commands: readonly (readonly [keyof typeof things, string, object])[] = [
  ['visits', 'annul', { reason: 'wrongFamily' }],
  ['visits', 'correct', { reason: 'wrongFamily', children: 2 }],
  ['notices', 'share-in-team', { decision: 'keepEyeOn' }],
  ['consultations', 'record-session', {}],
  ['consultations', 'close', { closeReason: 'x' }],
  ['consultations', 'reopen', {}],
  ['consents', 'withdraw', {}],
  ['consents', 'narrow', { until: '2024-01-01' }],
  ['referrals', 'accept', { assignee: 'ogawa', plannedContactOn: '2199-01-01' }],
  ['referrals', 'decline', { reason: 'other' }],
  ['referrals', 'withdraw', {}],
  ['referrals', 'close', { resolution: 'completed' }],
  ['referrals', 'start-service', {}],
  ['care-requests', 'cancel', {}],
  ['care-requests', 'agree-match', {}],
  ['care-requests', 'resume-match', {}],
  ['memberships', 'end', { reason: 'x' }],
  ['memberships', 'renew', {}],
  ['memberships', 'change-kind', { kind: 'user' }],
]
await t.test('a command on it is answered like one on nothing, in whatever state it is', async (t) => {
  for (const [collection, command, body] of commands)
    for (const headers of [{}, { 'if-match': '"1"' }, { 'if-match': '"77"' }, { 'if-match': '*' }])
      for (const who of ['elsewhere', 'elsewhereInWard'] as const) {
        const there = await door.post(
          who,
          `/v1/${collection}/${things[collection]}/${command}`,
          body,
          headers,
        )
        const nothing = await door.post(who, `/v1/${collection}/${newId()}/${command}`, body, headers)
        t.strictSame(visible(there), visible(nothing), `${who} ${collection} ${command}`)
        t.ok([403, 404].includes(there.statusCode), there.body)
      }
})

await t.test('an own family in the body opens nobody else’s record', async (t) => {
  const own = await registerFamily(door, {}, 'elsewhere')
  const draft = newId()
  await done(door, 'partner', `/v1/referrals/${draft}/draft`, letterTo(family))
  const visit = await door.post('elsewhere', `/v1/visits/${visitId}/correct`, {
    reason: 'wrongFamily',
    familyId: own.id,
  })
  problem(t, visit, 404, 'visit/not-found')
  for (const id of [draft, referralId])
    problem(
      t,
      await door.post(
        'elsewhere',
        `/v1/referrals/${id}/send`,
        letterTo(own, { toOrganization: 'ORG-141101-W' }),
      ),
      404,
      'referral/not-found',
    )
  problem(
    t,
    await door.post('elsewhere', `/v1/visits/${visitId}/record`, { visitors: ['mother'] }),
    404,
    'visit/not-found',
  )
})

await t.test('records about no family stay with their organisation, too', async (t) => {
  const chat = newId()
  await done(door, 'partner', `/v1/consultations/${chat}/record-chat`, {
    trigger: 'alongsideVisit',
    service: 'hirobaTalk',
  })
  const anonymous = newId()
  await done(door, 'nakamura', `/v1/visits/${anonymous}/record`, { visitors: ['mother'] })
  for (const [collection, id, command, body] of [
    ['consultations', chat, 'close', { closeReason: 'x' }],
    ['consultations', chat, 'reopen', {}],
    ['visits', anonymous, 'annul', { reason: 'wrongFamily' }],
  ] as const)
    t.strictSame(
      visible(
        await door.post(
          collection === 'visits' ? 'elsewhere' : 'mchCoordinator',
          `/v1/${collection}/${id}/${command}`,
          body,
        ),
      ),
      visible(
        await door.post(
          collection === 'visits' ? 'elsewhere' : 'mchCoordinator',
          `/v1/${collection}/${newId()}/${command}`,
          body,
        ),
      ),
    )
})

await t.test('new facts about a family of others are refused like that, and leave no trace', async (t) => {
  const head = await door.system.store.head()
  for (const [collection, command, body, who] of [
    ['visits', 'record', { visitors: ['mother'] }, 'elsewhere'],
    ['notices', 'record', { noticeKind: ['isolation'] }, 'elsewhere'],
    ['consultations', 'open', { trigger: 'outreach', service: 'hirobaTalk' }, 'elsewhereInWard'],
  ] as const) {
    const response = await door.post(who, `/v1/${collection}/${newId()}/${command}`, {
      ...body,
      familyId: family.id,
    })
    t.equal(response.statusCode, 404)
    t.notOk(response.headers.etag)
  }
  for (const command of ['register', 'move', 'add-child'])
    problem(
      t,
      await door.post(
        'elsewhere',
        `/v1/families/${family.id}/${command}`,
        command === 'add-child' ? { birthDate: '2021-01-01' } : {},
      ),
      404,
      'family/not-found',
    )
  t.equal(await door.system.store.head(), head)
})

await t.test('a draft is nobody’s but the sender’s, and stays so when it is withdrawn', async (t) => {
  const draft = newId()
  await done(door, 'partner', `/v1/referrals/${draft}/draft`, letterTo(family))
  const hidden = async () => {
    sameAsNothing(
      t,
      await door.get('mchCoordinator', `/v1/referrals/${draft}`),
      await door.get('mchCoordinator', `/v1/referrals/${newId()}`),
      'request/not-found',
    )
    problem(
      t,
      await door.post('mchCoordinator', `/v1/referrals/${draft}/acknowledge`),
      404,
      'referral/not-found',
    )
    const { entries } = (
      await door.get('mchCoordinator', `/v1/families/${family.id}/timeline?limit=500`, await fresh(door))
    ).json()
    t.notOk(entries.some(({ stream }: { stream: string }) => stream === `referral-${draft}`))
  }
  await hidden()
  t.equal((await door.get('partner', `/v1/referrals/${draft}`)).json().state, 'draft')
  await done(door, 'partner', `/v1/referrals/${draft}/withdraw`)
  await hidden()
})

await t.test('who declined to consent is on record for those who asked', async (t) => {
  const id = newId()
  await done(door, 'partner', `/v1/consents/${id}/decline`, { familyId: family.id, ...scope })
  t.equal((await door.get('partner', `/v1/consents/${id}`)).json().state, 'declined')
  t.equal((await door.get('mchCoordinator', `/v1/consents/${id}`)).statusCode, 404)
})

await t.test('a referral opens the family to the one it was sent to, at once', async (t) => {
  const theirs = await registerFamily(door)
  t.equal((await door.get('mchCoordinator', `/v1/families/${theirs.id}`)).statusCode, 404)
  await sendReferral(door, theirs)
  t.equal((await door.get('mchCoordinator', `/v1/families/${theirs.id}`)).statusCode, 200)
  t.equal((await door.get('elsewhereInWard', `/v1/families/${theirs.id}`)).statusCode, 404)
})

await t.test('the other end sees what was addressed to it, and no more', async (t) => {
  const { entries } = (
    await door.get('mchCoordinator', `/v1/families/${family.id}/timeline?limit=500`, await fresh(door))
  ).json()
  const kinds = new Set(entries.map(({ kind }: { kind: string }) => kind))
  t.strictSame(kinds, new Set(['consent', 'family', 'referral']))
  for (const collection of ['visits', 'notices', 'consultations', 'care-requests', 'memberships'] as const)
    t.equal(
      (await door.get('mchCoordinator', `/v1/${collection}/${things[collection]}`)).statusCode,
      404,
      collection,
    )
  for (const collection of ['referrals', 'consents'] as const)
    t.equal(
      (await door.get('mchCoordinator', `/v1/${collection}/${things[collection]}`)).statusCode,
      200,
      collection,
    )
})

await t.test('ids that are none are not found, whatever they look like', async (t) => {
  for (const id of [
    '1',
    'x',
    '%00',
    '..%2f..',
    'null',
    'ORG-141097-H',
    `${newId()}x`,
    'é',
    '%F0%9F%91%B6',
    '__proto__',
  ])
    for (const path of [
      `/v1/families/${id}`,
      `/v1/families/${id}/timeline`,
      `/v1/visits/${id}`,
      `/v1/staff/${id}`,
    ])
      t.equal((await door.get('nakamura', path)).statusCode, 404, path)
})

await t.test('families are found only inside the own hub', async (t) => {
  const card = `K-${newId().slice(0, 8)}`
  const known = await registerFamily(door, { card })
  const headers = await fresh(door)
  t.strictSame((await door.get('nakamura', `/v1/families?card=${card}`, headers)).json(), {
    families: [{ familyId: known.id }],
  })
  t.strictSame((await door.get('elsewhere', `/v1/families?card=${card}`, headers)).json(), { families: [] })
  problem(
    t,
    await door.get('mchCoordinator', `/v1/families?card=${card}`, headers),
    403,
    'access/role-not-allowed',
  )
  t.equal(hub, 'ORG-141097-H')
})

await t.test('no other hub gets in while the view does not know the family yet', async (t) => {
  const behind = await openTestDoor(t, { engine: 'sqlite' })
  for (let i = 0; i < 20; i++) {
    const { id } = await registerFamily(behind)
    const written = await behind.post('elsewhere', `/v1/families/${id}/update-profile`, {
      preferredLanguage: 'en',
    })
    problem(t, written, 404, 'family/not-found')
  }
})
