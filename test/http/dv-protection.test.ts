import t from 'tap'
import { newId, openTestDoor, problem, type Who } from '#test/kit/door.ts'
import {
  done,
  type Family,
  fresh,
  openConsultation,
  recordVisit,
  registerFamily,
  sendReferral,
} from '#test/kit/door-story.ts'

const door = await openTestDoor(t)
const ADDRESS = '港北区のかくれ町 1-2-3'
const PHONE = '045-000-1234'
const SITE = 'SITE-141097-1'
const LIVED_IN = '141011'
const MOVED_TO = '141178'

const read = async (who: Who, path: string) => {
  const response = await door.get(who, path, await fresh(door))
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${response.body}`)
  return response.json()
}
const pageOf = ({ id }: Family, who: Who) => read(who, `/v1/families/${id}`)
const timelineOf = ({ id }: Family, who: Who, query = '') =>
  read(who, `/v1/families/${id}/timeline?history=true${query}`)

/** A household in hiding: registered, seen at a site, moved, referred; the partner has its open consultation in hand. */
const hidden = async (flags: readonly string[] = ['dvProtection']) => {
  const family = await registerFamily(door, { householdFlags: flags, residenceWard: LIVED_IN })
  await done(door, 'nakamura', `/v1/families/${family.id}/update-profile`, {
    caregivers: [{ personId: family.mother, contact: { address: ADDRESS, phone: PHONE } }],
  })
  const visitId = await recordVisit(door, family)
  await done(door, 'nakamura', `/v1/families/${family.id}/move`, { to: MOVED_TO })
  const noticeId = newId()
  await done(door, 'nakamura', `/v1/notices/${noticeId}/record`, {
    familyId: family.id,
    noticeKind: ['isolation'],
    visitId,
  })
  await done(door, 'partner', `/v1/notices/${noticeId}/share-in-team`, { decision: 'keepEyeOn' })
  const consultationId = await openConsultation(door, family)
  await sendReferral(door, family)
  return { ...family, visitId, consultationId }
}
type Hidden = Awaited<ReturnType<typeof hidden>>

const UNASSIGNED = ['nakamura', 'director', 'mchCoordinator', 'auditor'] as const

/** Everything that one who is not assigned can ask about a household. */
const everythingFor = async (family: Hidden, who: Who): Promise<string> => {
  const paths = [
    `/v1/families/${family.id}`,
    `/v1/families/${family.id}/timeline?history=true`,
    `/v1/families/${family.id}/timeline?history=true&site=${SITE}`,
    `/v1/families/${family.id}/timeline?asOf=${await door.system.store.head()}`,
    `/v1/visits/${family.visitId}`,
    `/v1/consultations/${family.consultationId}`,
    '/v1/worklists/overdue',
    '/v1/worklists/consultations-open',
    '/v1/worklists/referrals-in',
    '/v1/feeds/referrals',
    `/v1/audit/events?family=${family.id}&limit=1000`,
  ]
  const headers = await fresh(door)
  const answers = await Promise.all(paths.map((path) => door.get(who, path, headers)))
  return answers.map(({ body }) => body).join('\n')
}

await t.test(
  'of a household under protection nobody else is told an address, a site or a visit',
  async (t) => {
    const family = await hidden()
    for (const who of UNASSIGNED) {
      const everything = await everythingFor(family, who)
      for (const [what, secret] of Object.entries({
        ADDRESS,
        PHONE,
        SITE,
        LIVED_IN,
        MOVED_TO,
        鶴見区: '鶴見区',
      }))
        t.notOk(everything.includes(secret), `${who}: ${what}`)
      if (who !== 'auditor') t.notOk(everything.includes(family.visitId), `${who}: the visit’s id`)
      t.ok(everything.includes(family.id), `${who} still knows of the family`)
    }
  },
)

await t.test('who has something open for it in hand sees where it is', async (t) => {
  const family = await hidden()
  t.match(await pageOf(family, 'partner'), {
    registeredAtSite: SITE,
    members: [{ personId: family.mother, contact: { address: ADDRESS, phone: PHONE } }, {}],
  })
  const { entries } = await timelineOf(family, 'partner')
  t.ok(entries.some(({ type }: { type: string }) => type === 'VisitRecorded'))
  t.equal((await door.get('partner', `/v1/visits/${family.visitId}`)).statusCode, 200)
})

await t.test('and no longer when it is closed', async (t) => {
  const family = await registerFamily(door, { householdFlags: ['dvProtection'] })
  const consultationId = await openConsultation(door, family)
  t.equal((await pageOf(family, 'partner')).registeredAtSite, SITE)
  await done(door, 'partner', `/v1/consultations/${consultationId}/close`, { closeReason: 'resolved' })
  t.match(await pageOf(family, 'partner'), {
    registeredAtSite: null,
    ward: null,
    redacted: ['registeredAtSite', 'ward', 'members.contact', 'organizations'],
  })
})

await t.test('nor who registers it where it went', async (t) => {
  const family = await hidden()
  const path = `/v1/families/${family.id}/update-profile`
  await done(door, 'mchCoordinator', path, { preferredLanguage: 'en' })
  t.strictSame((await pageOf(family, 'nakamura')).organizations, ['ORG-141097-H'])
  const organizationsFor = async (who: Who) => {
    const { entries } = await timelineOf(family, who)
    return new Set(entries.map(({ actor }: { actor: { organization: string } }) => actor.organization))
  }
  t.strictSame(await organizationsFor('nakamura'), new Set(['ORG-141097-H']))
  t.ok((await organizationsFor('partner')).has('ORG-141097-W'))
})

await t.test('the answer says what it leaves out, and tells days instead of hours', async (t) => {
  const family = await hidden()
  const { entries } = await timelineOf(family, 'nakamura')
  t.strictSame(
    new Set(entries.map(({ type }: { type: string }) => type)),
    new Set([
      'FamilyRegistered',
      'FamilyProfileUpdated',
      'NoticeRecorded',
      'NoticeSharedInTeam',
      'ConsultationOpened',
      'ReferralSent',
    ]),
    'no visit, no move',
  )
  for (const entry of entries) {
    t.strictSame(entry.redacted.slice(-2), ['occurredAt', 'actor.site'])
    t.notOk('occurredAt' in entry)
    t.match(entry.occurredOn, /^\d{4}-\d\d-\d\d$/)
  }
  t.strictSame((await timelineOf(family, 'nakamura', `&site=${SITE}`)).entries, [])
})

await t.test('a visit of such a household is, for others, no visit at all', async (t) => {
  const family = await hidden()
  problem(t, await door.get('nakamura', `/v1/visits/${family.visitId}`), 404, 'request/not-found')
})

await t.test('protection set later covers what was recorded before, from the next answer on', async (t) => {
  const family = await hidden([])
  const hasVisit = async () =>
    (await timelineOf(family, 'nakamura')).entries.some(
      ({ type }: { type: string }) => type === 'VisitRecorded',
    )
  t.ok(await hasVisit())
  t.match(await pageOf(family, 'nakamura'), { members: [{ contact: { address: ADDRESS } }, {}] })
  const path = `/v1/families/${family.id}/update-profile`
  await done(door, 'partner', path, { householdFlags: ['dvProtection', 'solo'] })
  t.notOk(await hasVisit())
  await done(door, 'partner', path, { preferredLanguage: 'en' })
  t.notOk(await hasVisit(), 'another change does not lift it')
  await done(door, 'partner', path, { householdFlags: ['solo'] })
  t.ok(await hasVisit(), 'lifted, it is like any other')
})

await t.test('a household of its hub’s own kind of protection is protected, too', async (t) => {
  const family = await hidden(['dvProtection/shelter'])
  t.equal((await pageOf(family, 'nakamura')).registeredAtSite, null)
})

const canFind = async (who: Who, { id }: { readonly id: string }): Promise<boolean> => {
  const headers = await fresh(door)
  const page = await door.get(who, `/v1/families/${id}`, headers)
  const timeline = await door.get(who, `/v1/families/${id}/timeline?limit=500`, headers)
  return [ADDRESS, PHONE, SITE, LIVED_IN].some((secret) => (page.body + timeline.body).includes(secret))
}

await t.test(
  'nobody assigns themselves to it: what is in one’s hands has to be one’s work, or given',
  async (t) => {
    const family = await hidden()
    const notice = { familyId: family.id, noticeKind: ['isolation'], abuseCheck: 'noConcern' }
    await done(door, 'nakamura', `/v1/notices/${newId()}/record`, notice)
    t.notOk(await canFind('nakamura', family), 'by writing a notice')
    await openConsultation(door, family, { owner: 'nakamura' })
    t.ok(await canFind('nakamura', family), 'given a consultation by the partner')

    const talk = { familyId: family.id, trigger: 'conversationShift', service: 'hirobaTalk' }
    for (const who of ['director', 'coordinator'] as const) {
      await done(door, who, `/v1/consultations/${newId()}/open`, talk)
      t.notOk(await canFind(who, family), `${who}: by opening a consultation`)
    }
    await done(door, 'mchCoordinator', `/v1/referrals/${newId()}/draft`, {
      familyId: family.id,
      direction: 'outlet',
      linkLevel: 'accompany',
      urgency: 'normal',
      toOrganization: 'ORG-141097-H',
      destinationKind: 'hub',
    })
    t.notOk(await canFind('mchCoordinator', family), 'by a draft')
  },
)

await t.test('nor is somebody of another organisation assigned by being named', async (t) => {
  const family = await hidden()
  const { id } = await sendReferral(door, family)
  await done(door, 'mchCoordinator', `/v1/referrals/${id}/accept`, {
    assignee: 'shisetsucho',
    plannedContactOn: '2099-01-05',
  })
  t.notOk(await canFind('director', family))
})

await t.test(
  'broken glass shows no whereabouts, neither while it lasts nor afterwards (R-ACC-2, R-ACC-4)',
  async (t) => {
    const family = await hidden()
    for (const who of ['elsewhere', 'director'] as const) {
      await done(door, who, `/v1/break-glass/${newId()}/use`, {
        familyId: family.id,
        reason: '緊急',
        secondPerson: 'saito',
      })
      t.notOk(await canFind(who, family), who)
    }
  },
)

await t.test('what was in somebody’s hands before stays there', async (t) => {
  const family = await hidden([])
  await done(door, 'nakamura', `/v1/consultations/${newId()}/open`, {
    familyId: family.id,
    trigger: 'conversationShift',
    service: 'hirobaTalk',
  })
  // A note of one's own and a broken glass are no work for the family, before as little as afterwards.
  await done(door, 'coordinator', `/v1/notices/${newId()}/record`, {
    familyId: family.id,
    noticeKind: ['isolation'],
    abuseCheck: 'noConcern',
  })
  await done(door, 'director', `/v1/break-glass/${newId()}/use`, {
    familyId: family.id,
    reason: '緊急',
    secondPerson: 'saito',
  })
  await done(door, 'partner', `/v1/families/${family.id}/update-profile`, {
    householdFlags: ['dvProtection'],
  })
  t.ok(await canFind('nakamura', family))
  t.notOk(await canFind('coordinator', family))
  t.notOk(await canFind('director', family))
})

await t.test('the flag is not taken away in passing', async (t) => {
  const family = await hidden()
  const path = `/v1/families/${family.id}/update-profile`
  for (const who of ['nakamura', 'coordinator', 'mchCoordinator', 'districtNurse'] as const)
    for (const householdFlags of [[], ['solo']])
      problem(t, await door.post(who, path, { householdFlags }), 403, 'family/protection-stays')
  problem(t, await door.post('wardManager', path, { householdFlags: [] }), 403, 'access/role-not-allowed')
  t.equal((await door.post('nakamura', path, { householdFlags: ['dvProtection', 'solo'] })).statusCode, 200)
  t.notOk(await canFind('director', family))
  t.equal((await door.post('director', path, { householdFlags: ['solo'] })).statusCode, 200)
  t.ok(await canFind('director', family))
})

/** A hidden household with an appointment, a letter to another ward and a consent for it. */
const busy = async () => {
  const family = await hidden()
  const careId = newId()
  await done(door, 'coordinator', `/v1/care-requests/${careId}/request`, {
    familyId: family.id,
    activityType: 'care',
    place: 'hiroba',
    wantedFrom: '2030-01-02T10:07:00+09:00',
    wantedTo: '2030-01-02T11:00:00+09:00',
  })
  const consentId = newId()
  await done(door, 'partner', `/v1/consents/${consentId}/give`, {
    familyId: family.id,
    recipients: [OTHER_WARD],
    dataClasses: ['contact'],
    people: [family.mother],
    givenBy: family.mother,
    method: 'oral',
    heardBy: '斎藤',
    words: 'はい',
  })
  const { id: referralId } = await sendReferral(door, family, {
    toOrganization: OTHER_WARD,
    destinationName: '鶴見区のこども家庭支援課',
  })
  await done(door, 'elsewhereInWard', `/v1/referrals/${referralId}/decline`, { reason: 'otherEntrance' })
  return { ...family, careId, consentId, referralId }
}
const OTHER_WARD = 'ORG-141101-W'

await t.test('no hour, no appointment and no other office is told, by no way of asking', async (t) => {
  const family = await busy()
  const headers = await fresh(door)
  const paths = [
    `/v1/families/${family.id}`,
    `/v1/families/${family.id}/timeline?history=true`,
    `/v1/care-requests/${family.careId}`,
    `/v1/consents/${family.consentId}`,
    `/v1/referrals/${family.referralId}`,
    '/v1/worklists/referrals-out?open=false&limit=500',
    '/v1/worklists/care-unmatched?limit=500',
    '/v1/worklists/overdue?limit=500',
    '/v1/feeds/referrals?limit=500',
    `/v1/families/${family.id}/access-log`,
    `/v1/audit/events?family=${family.id}&limit=1000`,
  ]
  for (const who of ['director', 'nakamura', 'auditor'] as const) {
    const answers = await Promise.all(paths.map((path) => door.get(who, path, headers)))
    const told = answers
      .filter((_, i) => who !== 'auditor' || !paths[i]?.includes('access-log'))
      .map(({ body, headers: sent }) => body + JSON.stringify(sent))
      .join('\n')
    for (const secret of ['2030-01-02', '鶴見区', ...(who === 'auditor' ? [] : [OTHER_WARD])])
      t.notOk(told.includes(secret), `${who}: ${secret}`)
  }
  const owner = await door.get('coordinator', `/v1/care-requests/${family.careId}`, headers)
  t.match(owner.body, '2030-01-02', 'whose work it is sees it')
})

await t.test('neither a page’s end nor a time of recording holds the hour', async (t) => {
  const family = await hidden()
  const { entries, next } = await timelineOf(family, 'nakamura', '&limit=1')
  const cursor = Buffer.from(next, 'base64url').toString('utf8')
  t.notMatch(cursor, /\d\dT\d\d|T\d\d:/)
  for (const { recordedAt } of entries)
    t.match(recordedAt, /T15:00:00\.000Z$/, 'the day, as it began in Japan')
  const rest = await timelineOf(family, 'nakamura', `&limit=1&cursor=${next}`)
  t.equal(rest.entries.length, 1)
  t.not(rest.entries[0].eventId, entries[0].eventId, 'and the next page follows')
})

await t.test('a made-up page’s end does not place what is hidden among what is not', async (t) => {
  const family = await hidden()
  const other = await registerFamily(door)
  const foreign = (await door.get('nakamura', `/v1/families/${other.id}/timeline`, await fresh(door))).json()
  const { next } = await timelineOf(family, 'nakamura', '&limit=1')
  const [question] = JSON.parse(Buffer.from(next, 'base64url').toString('utf8'))
  const forged = Buffer.from(JSON.stringify([question, foreign.entries[0].position, -1, 1])).toString(
    'base64url',
  )
  const path = `/v1/families/${family.id}/timeline?history=true&limit=1&cursor=${forged}`
  problem(t, await door.get('nakamura', path), 400, 'request/invalid')
})

await t.test('what cannot be read cannot be felt for by correcting it', async (t) => {
  const family = await hidden()
  for (const leftAt of ['00:01', '23:59'])
    problem(
      t,
      await door.post('director', `/v1/visits/${family.visitId}/correct`, { leftAt, reason: 'typo' }),
      404,
      'visit/not-found',
    )
  problem(
    t,
    await door.post('director', `/v1/visits/${family.visitId}/annul`, { reason: 'typo' }),
    404,
    'visit/not-found',
  )
})
