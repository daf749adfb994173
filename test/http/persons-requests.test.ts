import t from 'tap'
import { newId, openTestDoor, type Who } from '#test/kit/door.ts'
import { registerFamily, sendReferral } from '#test/kit/door-story.ts'

const door = await openTestDoor(t, { engine: 'sqlite', listen: true, logLevel: 'warn' })

const ask = async (who: Who, method: 'GET' | 'POST', path: string, body?: object, headers: object = {}) => {
  const answer = await fetch(`${door.origin}/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${door.token(who)}`,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, text, json: JSON.parse(text), headers: answer.headers }
}
const post = async (who: Who, path: string, body: object) => {
  const answer = await ask(who, 'POST', path, body)
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`)
  return answer.json as { events: { id: string; type: string }[] }
}

const family = await registerFamily(door)
const consultation = newId()
const opened = { familyId: family.id, trigger: 'outreach', service: 'hirobaTalk', people: [family.mother] }
await post('partner', `consultations/${consultation}/open`, opened)
const session = await post('partner', `consultations/${consultation}/record-session`, {
  facts: 'u-facts',
  impression: 'u-impression',
  toldBy: 'u-source',
})
const disputed = session.events[0]?.id ?? ''
const { id: referral } = await sendReferral(door, family, {
  consultationId: consultation,
  summary: 'u-summary',
})

const asked = {
  familyId: family.id,
  personId: family.mother,
  requesterKind: 'self',
  identityCheck: 'photoDocument',
}

const disclosed = async (decision: object) => {
  const id = newId()
  await post('partner', `disclosure-requests/${id}/receive`, asked)
  await post('director', `disclosure-requests/${id}/decide`, decision)
  return id
}

await t.test('after the decision the export holds what was decided to be shown', async (t) => {
  const id = newId()
  await post('partner', `disclosure-requests/${id}/receive`, asked)
  const early = await ask('director', 'GET', `disclosure-requests/${id}/export`)
  t.strictSame([early.status, early.json.code], [409, 'disclosure-request/not-decided'])
  await post('director', `disclosure-requests/${id}/decide`, {
    outcome: 'partly',
    withhold: [
      { part: 'impression', ground: 'properWork' },
      { part: 'source', ground: 'otherPerson' },
    ],
  })
  const { status, text, json, headers } = await ask('partner', 'GET', `disclosure-requests/${id}/export`)
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  t.ok(text.includes('u-facts'))
  for (const word of ['u-impression', 'u-source', 'saito', 'nakamura']) t.notOk(text.includes(word), word)
  const entry = json.entries.find(({ eventId }: { eventId: string }) => eventId === disputed)
  const at = (path: string) => entry.items.find((one: { path: string }) => one.path === path)
  t.strictSame(at('/impression'), { path: '/impression', part: 'impression', withheld: 'properWork' })
  t.strictSame(at('/metadata/toldBy'), { path: '/metadata/toldBy', part: 'source', withheld: 'otherPerson' })
})

await t.test('only for those who prepare it, at the organisation that decides', async (t) => {
  const id = await disclosed({ outcome: 'granted' })
  const statusFor = async (who: Who) => (await ask(who, 'GET', `disclosure-requests/${id}/export`)).status
  t.equal(await statusFor('director'), 200)
  for (const who of ['nakamura', 'coordinator', 'mchCoordinator', 'auditor', 'integration'] as const)
    t.equal(await statusFor(who), 403, who)
  for (const who of ['wardManager', 'elsewhere', 'directorElsewhere'] as const)
    t.equal(await statusFor(who), 404, who)
  t.equal((await ask('director', 'GET', `disclosure-requests/${newId()}/export`)).status, 404)
})

await t.test(
  'where existence is not answered, the answer is the same whether there is something or not (81条)',
  async (t) => {
    const decision = { outcome: 'existenceNotAnswered', ground: 'existence' }
    const full = await disclosed(decision)
    const empty = newId()
    const other = await registerFamily(door)
    const aboutNothing = { ...asked, familyId: other.id, personId: other.mother, dataClasses: ['notice'] }
    await post('partner', `disclosure-requests/${empty}/receive`, aboutNothing)
    await post('director', `disclosure-requests/${empty}/decide`, decision)
    const answer = async (id: string) => {
      const { id: _, ...rest } = (await ask('director', 'GET', `disclosure-requests/${id}/export`)).json
      return rest
    }
    t.strictSame(await answer(full), await answer(empty))
    t.strictSame(await answer(full), { decision: 'existenceNotAnswered', ground: 'existence', entries: [] })
  },
)

await t.test(
  'a correction: what the log says counts, and the list of all who got it is pinned (R-PRI-14)',
  async (t) => {
    const disclosure = await disclosed({ outcome: 'granted' })
    const request = {
      ...asked,
      disclosureId: disclosure,
      eventId: disputed,
      field: '/facts',
      value: 'u-right',
      why: 'w',
    }
    const id = newId()
    const early = await ask('partner', 'POST', `correction-requests/${id}/request`, request)
    t.equal(early.json.code, 'correction-request/not-disclosed')
    await post('partner', `disclosure-requests/${disclosure}/provide`, { handedOver: 'copy' })

    const refused = async (changes: object) =>
      (await ask('partner', 'POST', `correction-requests/${newId()}/request`, { ...request, ...changes }))
        .json.code
    t.equal(await refused({ field: '/impression' }), 'correction-request/not-a-fact')
    const pretended = { entry: { stream: `consultation-${consultation}`, type: 'X', part: 'fact' } }
    t.equal(await refused({ field: '/impression', ...pretended }), 'correction-request/not-a-fact')
    t.equal(await refused({ eventId: newId(), ...pretended }), 'correction-request/no-such-entry')
    const stranger = await registerFamily(door)
    const theirs = await post('partner', `notices/${newId()}/record`, {
      familyId: stranger.id,
      noticeKind: ['isolation'],
      facts: 'u-stranger',
    })
    t.equal(
      await refused({ eventId: theirs.events[0]?.id }),
      'correction-request/no-such-entry',
      'another family',
    )
    const wards = await post('mchCoordinator', `referrals/${referral}/acknowledge`, {})
    const atTheWard = { eventId: wards.events[0]?.id, field: '/decisionDueOn' }
    t.equal(await refused(atTheWard), 'correction-request/no-such-entry', 'the ward holds it')
    t.equal(await refused({ field: '/nothing' }), 'correction-request/no-such-entry')
    t.equal(await refused({ field: '/abuseCheck' }), 'correction-request/no-such-entry')

    await post('partner', `correction-requests/${id}/request`, request)
    const list = async () => (await ask('director', 'GET', `correction-requests/${id}/recipients`)).json
    const ward = { organizationId: 'ORG-141097-W', because: ['referral'] }
    const mother = { personId: family.mother, because: ['disclosureToPerson'] }
    // Those who have prepared the exports, by the access log.
    const openers = ['saito', 'shisetsucho'].map((staffId) => ({ staffId, because: ['opened'] }))
    t.strictSame(await list(), { id, pinned: false, recipients: [ward, ...openers, mother] })

    const decision = { outcome: 'granted', value: 'u-right', recipients: [] }
    const key = { 'idempotency-key': 'decide-1' }
    const decide = () => ask('director', 'POST', `correction-requests/${id}/decide`, decision, key)
    const first = await decide()
    t.strictSame(
      first.json.events.map(({ type }: { type: string }) => type),
      ['CorrectionDecided', 'EventCorrected'],
    )
    const child = {
      personId: family.child,
      requesterKind: 'legalRepresentative',
      representativeId: family.mother,
    }
    const shownSince = newId()
    await post('partner', `disclosure-requests/${shownSince}/receive`, { ...asked, ...child })
    await post('director', `disclosure-requests/${shownSince}/decide`, { outcome: 'granted' })
    await post('partner', `disclosure-requests/${shownSince}/provide`, { handedOver: 'copy' })
    const again = await decide()
    t.equal(again.headers.get('idempotency-replayed'), 'true', 'told again, it finds its own list')
    t.strictSame(await list(), {
      id,
      pinned: true,
      recipients: [
        { personId: family.mother, told: false },
        { ...ward, told: false },
        ...openers.map((one) => ({ ...one, told: false })),
      ],
    })

    await post('partner', `correction-requests/${id}/notify`, {
      organizationId: 'ORG-141097-W',
      how: 'letter',
    })
    for (const { staffId } of openers)
      await post('partner', `correction-requests/${id}/notify`, { staffId, how: 'system' })
    const state = async () => (await ask('director', 'GET', `correction-requests/${id}`)).json.state
    t.equal(await state(), 'decided', 'one is not told yet')
    await post('partner', `correction-requests/${id}/notify`, { personId: family.mother, how: 'letter' })
    t.equal(await state(), 'closed')

    const later = await disclosed({ outcome: 'granted' })
    const shown = await ask('director', 'GET', `disclosure-requests/${later}/export`)
    t.ok(shown.text.includes('u-right'), 'the right value stands beside the old one')
    for (const who of ['nakamura', 'auditor'] as const)
      t.equal((await ask(who, 'GET', `correction-requests/${id}/recipients`)).status, 403, who)
    t.equal((await ask('wardManager', 'GET', `correction-requests/${id}/recipients`)).status, 404)
  },
)

await t.test('a request is an open item of its family until it is answered', async (t) => {
  const other = await registerFamily(door)
  const id = newId()
  await post('partner', `disclosure-requests/${id}/receive`, {
    ...asked,
    familyId: other.id,
    personId: other.mother,
  })
  const items = async () => {
    await door.settled()
    const { openItems = [] } = (await ask('director', 'GET', `families/${other.id}`)).json
    return openItems.filter((one: { kind: string }) => one.kind.startsWith('disclosure'))
  }
  t.equal((await items()).length, 1)
  await post('partner', `disclosure-requests/${id}/withdraw`, {})
  t.equal((await items()).length, 0)
})
