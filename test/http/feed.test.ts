import t from 'tap'
import { catalogue } from '#domain/events.ts'
import { ReferralCloudEvent } from '#src/feed/published.ts'
import { noteOf } from '#src/write/note.ts'
import { newId, openTestDoor, problem, staff, type Who } from '#test/kit/door.ts'
import {
  done,
  fresh,
  letterTo,
  openConsultation,
  registerFamily,
  sendReferral,
} from '#test/kit/door-story.ts'

const CANARY = 'kanaria7f3a'
let now = '2024-06-03T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })

type CloudEvent = {
  readonly sequence: string
  readonly type: string
  readonly partitionkey: string
  readonly traceparent: string
  readonly data: Readonly<Record<string, unknown>>
}
type Page = { readonly events: readonly CloudEvent[]; readonly cursor: string; readonly more: boolean }

const take = async (who: Who, query = ''): Promise<Page> => {
  const response = await door.get(
    who,
    `/v1/feeds/referrals?limit=500${query && `&${query}`}`,
    await fresh(door),
  )
  if (response.statusCode !== 200) throw new Error(response.body)
  return response.json()
}

/** One referral through everything that may be told and everything that may not. */
const wholeLife = async () => {
  const family = await registerFamily(door, { caregivers: [{ name: CANARY, relation: 'mother' }] })
  const consultationId = await openConsultation(door, family)
  const words = {
    basisReason: CANARY,
    summary: CANARY,
    purpose: CANARY,
    destinationName: CANARY,
    reasons: ['parentalHealth'],
  }
  const sent = await door.post('partner', `/v1/referrals/${newId()}/send`, {
    ...letterTo(family),
    ...words,
    consultationId,
  })
  const { id } =
    sent.statusCode === 201 ? sent.json() : await sendReferral(door, family, { ...words, reasons: [] })
  const ward = (command: string, body: object) =>
    done(door, 'mchCoordinator', `/v1/referrals/${id}/${command}`, body)
  await ward('request-info', { question: CANARY })
  await done(door, 'partner', `/v1/referrals/${id}/supply-info`, { answer: CANARY })
  await ward('redirect', { toDesk: 'districtNurse', reason: CANARY })
  await ward('acknowledge', {})
  await ward('accept', { assignee: 'hayashi', plannedContactOn: '2024-06-10' })
  await ward('make-contact', { result: 'reached', note: CANARY })
  await ward('start-service', { note: CANARY })
  await ward('report-outcome', { outcome: 'connected', note: CANARY })
  await done(door, 'director', `/v1/referrals/${id}/escalate`, { to: 'kakaricho', reason: CANARY })
  await done(door, 'partner', `/v1/referrals/${id}/close`, { resolution: 'completed', reason: CANARY })
  return { family, id }
}
const { family, id } = await wholeLife()

await t.test('published are the types of dossier 2.12 and no other, in the order of the log', async (t) => {
  const { events } = await take('integration')
  t.strictSame(
    events.map(({ data }) => data.type),
    [
      'ReferralSent',
      'ReferralRedirected',
      'ReferralAcknowledged',
      'ReferralAccepted',
      'ReferralOutcomeReported',
      'ReferralEscalated',
      'ReferralClosed',
    ],
  )
})

const MAY_BE_TOLD = new Set([
  'eventId',
  'type',
  'occurredAt',
  'recordedAt',
  'referralId',
  'familyRef',
  'direction',
  'linkLevel',
  'urgency',
  'fromOrganization',
  'toOrganization',
  'status',
  'due',
  'outcome',
])
const ENVELOPE = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'recordedtime',
  'sequence',
  'partitionkey',
  'traceparent',
  'datacontenttype',
  'dataschema',
  'dataref',
  'data',
])
await t.test('each is a CloudEvent with what 2.12 allows, and nothing personal', async (t) => {
  for (const who of ['integration', 'hubIntegration', 'cityIntegration', 'partner'] as const) {
    const page = await take(who)
    const text = JSON.stringify(page)
    t.notMatch(text, CANARY)
    t.notMatch(text, family.id, 'the family’s own id stays here')
    t.notMatch(text, family.mother)
    t.notMatch(text, 'parentalHealth')
    for (const event of page.events) {
      t.strictSame(ReferralCloudEvent.parse(event), event, 'as its schema has it')
      t.strictSame(
        Object.keys(event).filter((field) => !ENVELOPE.has(field)),
        [],
      )
      t.strictSame(
        Object.keys(event.data).filter((field) => !MAY_BE_TOLD.has(field)),
        [],
      )
    }
    t.match(page.events[0], {
      specversion: '1.0',
      id: /^[0-9a-f-]{36}$/,
      type: 'jp.tsunagi.referral.ReferralSent.v1',
      subject: id,
      time: now,
      sequence: '1',
      data: {
        status: 'sent',
        fromOrganization: 'ORG-141097-H',
        toOrganization: 'ORG-141097-W',
        urgency: 'normal',
      },
    })
    t.match(page.events[0]?.data.due, { ackDueOn: /^2024-06-/, firstContactDueOn: /^2024-06-/ })
  }
})

await t.test('an outcome is told, unless the caregiver wants none told', async (t) => {
  const outcomes = async () =>
    (await take('integration')).events
      .filter(({ data }) => data.type === 'ReferralOutcomeReported')
      .map(({ data }) => data.outcome)
  t.strictSame(await outcomes(), ['connected'])
  const other = await registerFamily(door)
  const sent = await sendReferral(door, other)
  await done(door, 'mchCoordinator', `/v1/referrals/${sent.id}/accept`, {
    assignee: 'x-1',
    plannedContactOn: '2024-06-10',
  })
  await done(door, 'mchCoordinator', `/v1/referrals/${sent.id}/report-outcome`, {
    outcome: 'outcomeWithheld',
  })
  t.strictSame(await outcomes(), ['connected', undefined])
})

await t.test('sequences are dense for each organisation, whatever page size', async (t) => {
  for (let i = 0; i < 4; i++) await sendReferral(door, await registerFamily(door))
  for (const who of ['integration', 'hubIntegration', 'cityIntegration'] as const) {
    const whole = await take(who)
    t.strictSame(
      whole.events.map(({ sequence }) => Number(sequence)),
      whole.events.map((_, i) => i + 1),
    )
    const pieces: CloudEvent[] = []
    let after = ''
    for (let guard = 0; guard < 40; guard++) {
      const response = await door.get(who, `/v1/feeds/referrals?limit=3${after}`)
      const page: Page = response.json()
      pieces.push(...page.events)
      t.match(response.headers.link, /^<\/v1\/feeds\/referrals\?.*after=.*>; rel="next"$/)
      if (!page.more) break
      after = `&after=${page.cursor}`
    }
    t.strictSame(pieces, whole.events)
  }
})

await t.test('others read nothing of it', async (t) => {
  for (const who of ['elsewhere', 'elsewhereInWard'] as const) t.strictSame((await take(who)).events, [])
  for (const who of ['auditor', 'bureau', 'admin'] as const)
    problem(t, await door.get(who, '/v1/feeds/referrals'), 403, 'access/role-not-allowed')
})

await t.test('the city reads everybody’s', async (t) => {
  const theirs = await registerFamily(door, { residenceWard: '141101' }, 'elsewhere')
  await done(
    door,
    'elsewhere',
    `/v1/referrals/${newId()}/send`,
    letterTo(theirs, { toOrganization: 'ORG-141101-W' }),
  )
  const from = new Set((await take('cityIntegration')).events.map(({ data }) => data.fromOrganization))
  t.ok(from.has('ORG-141097-H') && from.has('ORG-141101-H'))
})

await t.test('a cursor of another organisation is refused', async (t) => {
  const { cursor } = await take('integration')
  for (const [who, after] of [
    ['hubIntegration', cursor],
    ['cityIntegration', cursor],
    ['integration', 'bm9uc2Vuc2U'],
    ['integration', ''],
    ['integration', '5'],
  ] as const) {
    const response = await door.get(who, `/v1/feeds/referrals?after=${after}`)
    t.match(problem(t, response, 400, 'request/invalid').errors, [{ pointer: '/after', code: 'bad_cursor' }])
  }
  t.strictSame(
    (await take('otherIntegration', `after=${cursor}`)).events,
    [],
    'a colleague’s cursor is of the same feed',
  )
})

await t.test('a family has another name for every subscriber, and always the same', async (t) => {
  const nameFor = async (who: Who) =>
    (await take(who)).events.find(({ data }) => data.referralId === id)?.data.familyRef
  const names = await Promise.all(
    (['integration', 'otherIntegration', 'hubIntegration', 'cityIntegration'] as const).map(nameFor),
  )
  t.equal(new Set(names).size, 4)
  t.equal(await nameFor('integration'), names[0])
  const { events } = await take('integration')
  const ofOne = new Set(
    events.filter(({ data }) => data.referralId === id).map(({ partitionkey }) => partitionkey),
  )
  t.strictSame(ofOne, new Set([names[0]]), 'and it is the partition key')
})

await t.test('what followed from the same request has the same trace, and another one another', async (t) => {
  const { id: letter } = await sendReferral(door, await registerFamily(door))
  const correlationId = newId()
  const about = { recordedAt: now, actor: staff.mchCoordinator, correlationId }
  const noted = () => noteOf('ReferralAcknowledged', catalogue.ReferralAcknowledged, {}, about)
  await door.system.store.append(`referral-${letter}`, 'any', [noted(), noted()])
  const { events } = await take('cityIntegration')
  const traces = events.map(({ traceparent }) => /^00-([0-9a-f]{32})-([0-9a-f]{16})-00$/.exec(traceparent))
  t.equal(new Set(traces.map((trace) => trace?.[2])).size, events.length, 'an event is a span of its own')
  t.equal(new Set(traces.map((trace) => trace?.[1])).size, events.length - 1)
  t.equal(traces.at(-1)?.[1], traces.at(-2)?.[1])
  t.notMatch(JSON.stringify(events), correlationId, 'it may be a key, which is nobody else’s business')
})

await t.test('who waits is woken by the next event', async (t) => {
  const { cursor } = await take('integration')
  const started = performance.now()
  const waiting = door.get('integration', `/v1/feeds/referrals?wait=20&after=${cursor}`)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await sendReferral(door, await registerFamily(door))
  const page: Page = (await waiting).json()
  const took = performance.now() - started
  t.match(page.events, [{ data: { type: 'ReferralSent' } }])
  t.ok(took > 150 && took < 3_000, `${took.toFixed(0)} ms`)
})

await t.test('who waits for nothing gets nothing when the time is up', async (t) => {
  const { cursor } = await take('elsewhere')
  const started = performance.now()
  const response = await door.get('elsewhere', `/v1/feeds/referrals?wait=0.4&after=${cursor}`)
  t.strictSame(response.json(), { events: [], cursor, more: false })
  const took = performance.now() - started
  t.ok(took > 350 && took < 2_000, `${took.toFixed(0)} ms`)
  for (const wait of ['-1', '31', 'long'])
    problem(t, await door.get('elsewhere', `/v1/feeds/referrals?wait=${wait}`), 400, 'request/invalid')
})

await t.test('a missed clock is told with its day', async (t) => {
  const sent = await sendReferral(door, await registerFamily(door), { urgency: 'urgent' })
  now = '2024-06-06T01:00:00.000Z'
  await door.settled()
  await door.system.processes.tick()
  const overdue = (await take('integration')).events.find(
    ({ data }) => data.type === 'ReferralOverdueDetected' && data.referralId === sent.id,
  )
  t.match(overdue?.data, { status: 'sent', due: { dueOn: '2024-06-04' } })
})

await t.test(
  'whom the table gives only their own envelopes takes none from the feed: it would have holes',
  async (t) => {
    problem(t, await door.get('coordinator', '/v1/feeds/referrals'), 403, 'access/role-not-allowed')
    for (const who of ['nakamura', 'partner', 'director', 'mchCoordinator', 'wardManager'] as const)
      t.equal((await door.get(who, '/v1/feeds/referrals')).statusCode, 200, who)
  },
)
