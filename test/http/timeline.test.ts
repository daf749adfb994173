import t from 'tap'
import { mainSite, satellite } from '#test/kit/controls.ts'
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

type Entry = Readonly<Record<string, unknown>> & {
  readonly eventId: string
  readonly kind: string
  readonly stream: string
  readonly position: string
  readonly links: readonly { readonly rel: string; readonly stream: string }[]
}
type Page = { readonly entries: readonly Entry[]; readonly next?: string }

let now = '2024-06-03T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })

const read = async (
  family: Family,
  query = '',
  headers: Readonly<Record<string, string>> = {},
  who: Who = 'partner',
): Promise<Page> => {
  const response = await door.get(who, `/v1/families/${family.id}/timeline${query && `?${query}`}`, {
    ...(await fresh(door)),
    ...headers,
  })
  if (response.statusCode !== 200) throw new Error(response.body)
  return response.json()
}
const days = ({ entries }: Page) =>
  entries.map(({ occurredOn, occurredAt }) => occurredOn ?? String(occurredAt).slice(0, 10))

await t.test('what happened is in the order in which it happened, whenever it was recorded', async (t) => {
  const family = await registerFamily(door, { occurredOn: '2022-01-01' })
  for (const day of ['2022-03-01', '2022-01-15', '2022-02-01'])
    await recordVisit(door, family, { occurredOn: day })
  const newest = ['2022-03-01', '2022-02-01', '2022-01-15', '2022-01-01']
  t.strictSame(days(await read(family)), newest, 'newest first')
  t.strictSame(days(await read(family, 'order=desc')), newest)
  t.strictSame(days(await read(family, 'order=oldest')), newest.toReversed())
  t.strictSame(days(await read(family, 'order=asc')), newest.toReversed())
})

await t.test('an entry says everything of API 4', async (t) => {
  const family = await registerFamily(door)
  await recordVisit(door, family, { occurredAt: '2024-06-01T10:00+09:00', site: satellite })
  const { entries } = await read(family, 'kind=visit')
  t.match(entries, [
    {
      position: /^\d+$/,
      eventId: /^[0-9a-f-]{36}$/,
      type: 'VisitRecorded',
      occurredAt: '2024-06-01T01:00:00.000Z',
      precision: 'instant',
      recordedAt: now,
      late: true,
      function: 'dropInSpace',
      kind: 'visit',
      stream: /^visit-/,
      version: 1,
      title: '来所',
      summary: String,
      actor: { role: 'hubStaff', organization: 'ORG-141097-H', site: satellite, name: '職員nakamura' },
      links: [],
      state: 'recorded',
      redacted: [],
    },
  ])
  t.notOk(Object.hasOwn(entries[0] ?? {}, 'occurredOn'), 'one of the two times')
})

await t.test('filters keep what they say', async (t) => {
  const family = await registerFamily(door, { occurredOn: '2022-01-01' })
  await recordVisit(door, family, { occurredOn: '2022-02-01', site: satellite })
  await recordVisit(door, family, { occurredOn: '2022-03-01' })
  await openConsultation(door, family, { occurredOn: '2022-03-01' })
  const { id } = await sendReferral(door, family, { occurredOn: '2022-03-02' })
  await done(door, 'mchCoordinator', `/v1/referrals/${id}/acknowledge`, { occurredOn: '2022-03-03' })

  t.strictSame(days(await read(family, 'from=2022-02-01&to=2022-03-01')), [
    '2022-03-01',
    '2022-03-01',
    '2022-02-01',
  ])
  t.strictSame(days(await read(family, 'to=2022-01-31')), ['2022-01-01'])
  t.strictSame(
    (await read(family, 'function=ward')).entries.map(({ type }) => type),
    ['ReferralAcknowledged'],
  )
  t.strictSame(
    (await read(family, 'function=consultation')).entries.map(({ type }) => type),
    ['ConsultationOpened'],
  )
  t.strictSame(days(await read(family, `site=${satellite}`)), ['2022-02-01'])
  t.strictSame(days(await read(family, `kind=visit&site=${mainSite}`)), ['2022-03-01'])
  t.strictSame((await read(family, 'kind=referral')).entries.length, 2)
  t.strictSame((await read(family, 'kind=nothing')).entries, [])
})

await t.test('Accept-Language: en speaks English, everything else Japanese', async (t) => {
  const family = await registerFamily(door)
  await recordVisit(door, family)
  const titleIn = async (language: string) => {
    const response = await door.get('partner', `/v1/families/${family.id}/timeline?kind=visit`, {
      ...(await fresh(door)),
      'accept-language': language,
    })
    return [response.headers['content-language'], response.json().entries[0].title]
  }
  t.strictSame(await titleIn('en'), ['en', 'Visit'])
  t.strictSame(await titleIn('en-GB,en;q=0.9,ja;q=0.8'), ['en', 'Visit'])
  t.strictSame(await titleIn('ja'), ['ja', '来所'])
  t.strictSame(await titleIn('fr'), ['ja', '来所'])
  t.strictSame(await titleIn('*'), ['ja', '来所'])
})

await t.test('pages join to the whole, for every page size, in both orders', async (t) => {
  const family = await registerFamily(door, { occurredOn: '2022-01-01' })
  for (let i = 0; i < 23; i++)
    await recordVisit(door, family, { occurredOn: `2022-02-${String((i % 7) + 1).padStart(2, '0')}` })
  for (const order of ['newest', 'oldest'])
    for (const limit of [1, 2, 7, 23, 24, 25]) {
      const whole = await read(family, `order=${order}&limit=500`)
      const pages: Entry[] = []
      let query = `order=${order}&limit=${limit}`
      for (let guard = 0; guard < 40; guard++) {
        const page = await read(family, query)
        pages.push(...page.entries)
        t.ok(page.entries.length <= limit)
        if (!page.next) break
        query = `order=${order}&limit=${limit}&cursor=${page.next}`
      }
      t.strictSame(
        pages.map(({ eventId }) => eventId),
        whole.entries.map(({ eventId }) => eventId),
        `${order} ${limit}`,
      )
    }
})

await t.test('Link: rel="next" is the next page, and there is none on the last', async (t) => {
  const family = await registerFamily(door, { occurredOn: '2022-01-01' })
  await recordVisit(door, family)
  const headers = await fresh(door)
  const first = await door.get('partner', `/v1/families/${family.id}/timeline?limit=1&order=oldest`, headers)
  const [, link] = /^<([^>]+)>; rel="next"$/.exec(String(first.headers.link)) ?? []
  t.match(link, `/v1/families/${family.id}/timeline?`)
  const second = await door.get('partner', link ?? '', headers)
  t.equal(second.json().entries[0].kind, 'visit')
  t.notOk(second.headers.link)
})

await t.test('while others write, no page repeats or leaves out what was there', async (t) => {
  for (const order of ['newest', 'oldest']) {
    const family = await registerFamily(door, { occurredOn: '2022-01-01' })
    const visits: string[] = []
    for (let i = 0; i < 12; i++) visits.push(await recordVisit(door, family, { occurredOn: '2022-02-01' }))
    const before = (await read(family, 'limit=500')).entries.map(({ eventId }) => eventId)
    const seen: string[] = []
    let query = `order=${order}&limit=3`
    for (let i = 0; ; i++) {
      const page = await read(family, query)
      seen.push(...page.entries.map(({ eventId }) => eventId))
      if (!page.next) break
      query = `order=${order}&limit=3&cursor=${page.next}`
      await recordVisit(door, family, { occurredOn: i % 2 ? '2022-01-10' : '2022-03-10' })
      // The last entry of this page is corrected before the next page is read.
      const [, last = ''] = page.entries.at(-1)?.stream.split(/^visit-/) ?? []
      if (visits.includes(last))
        await done(door, 'nakamura', `/v1/visits/${last}/correct`, { reason: 'typo', children: 3 })
    }
    t.equal(new Set(seen).size, seen.length, `${order}: nothing twice`)
    t.strictSame(
      before.filter((id) => !seen.includes(id)),
      [],
      `${order}: nothing left out`,
    )
  }
})

await t.test('implied entries are pages’ business, too: none is lost between two', async (t) => {
  const family = await registerFamily(door)
  const care = newId()
  const provider = newId()
  await done(door, 'coordinator', `/v1/memberships/${provider}/complete-provider-training`, {})
  await done(door, 'coordinator', `/v1/memberships/${provider}/register`, {
    kind: 'provider',
    orientation: 'group',
  })
  await done(door, 'coordinator', `/v1/care-requests/${care}/request`, {
    familyId: family.id,
    activityType: 'care',
    place: 'providerHome',
  })
  await done(door, 'coordinator', `/v1/care-requests/${care}/hold-pre-meeting`, { provider })
  for (const order of ['oldest', 'newest']) {
    const types: string[] = []
    let query = `kind=careRequest&order=${order}&limit=1`
    for (let guard = 0; guard < 10; guard++) {
      // Of a match that the partner is no part of they see nothing; the coordinator arranges it.
      const page = await read(family, query, {}, 'coordinator')
      types.push(...page.entries.map(({ type }) => String(type)))
      if (!page.next) break
      query = `kind=careRequest&order=${order}&limit=1&cursor=${page.next}`
    }
    const wanted = ['CareRequested', 'CandidateProposed', 'CandidateAccepted', 'PreMeetingHeld']
    t.strictSame(types, order === 'oldest' ? wanted : wanted.toReversed(), order)
  }
})

await t.test('a cursor of another question is refused', async (t) => {
  const family = await registerFamily(door)
  await recordVisit(door, family)
  const { next } = await read(family, 'limit=1')
  const other = await registerFamily(door)
  for (const [id, query] of [
    [family.id, `limit=1&order=oldest&cursor=${next}`],
    [family.id, `limit=1&kind=visit&cursor=${next}`],
    [other.id, `limit=1&cursor=${next}`],
    [family.id, 'cursor=bm9uc2Vuc2U'],
    [family.id, 'cursor='],
    [family.id, `cursor=${Buffer.from('["x",{"a":1}]').toString('base64url')}`],
  ]) {
    const response = await door.get('partner', `/v1/families/${id}/timeline?${query}`)
    t.match(problem(t, response, 400, 'request/invalid').errors, [{ pointer: '/cursor', code: 'bad_cursor' }])
  }
  t.equal(
    (await read(family, `limit=50&cursor=${next}`)).entries.length,
    1,
    'another page size is the same question',
  )
})

await t.test('as it was known then: by position, and by time, before and after a correction', async (t) => {
  now = '2024-06-03T01:00:00.000Z'
  const family = await registerFamily(door, { occurredOn: '2022-01-01' })
  const visit = await recordVisit(door, family, { occurredOn: '2022-02-01', children: 1 })
  const before = await door.system.store.head()
  now = '2024-06-04T01:00:00.000Z'
  await done(door, 'nakamura', `/v1/visits/${visit}/correct`, { reason: 'typo', children: 4 })
  const after = await door.system.store.head()
  now = '2024-06-05T01:00:00.000Z'
  await recordVisit(door, family, { occurredOn: '2022-01-20' })

  const summaries = async (query: string) =>
    (await read(family, `kind=visit&order=oldest&${query}`)).entries.map(({ summary }) => summary)
  const live = await summaries('')
  t.equal(live.length, 2)
  const [, corrected] = live
  const [once] = await summaries(`asOf=${before}`)
  t.not(once, corrected)
  t.strictSame(await summaries(`asOf=${after}`), [corrected])
  t.strictSame(await summaries('asOf=2024-06-03T12:00:00Z'), [once], 'by time, before')
  t.strictSame(await summaries('asOf=2024-06-04T12:00:00%2B09:00'), [corrected], 'by time, after')
  t.strictSame(await summaries('asOf=2020-01-01T00:00:00Z'), [], 'before anything was known')
  t.strictSame(await summaries('asOf=0'), [])
  t.strictSame(await summaries('asOf=999999999999999'), live, 'after everything')
  now = '2024-06-03T01:00:00.000Z'
})

await t.test(
  'a corrected entry is shown corrected and says so; history shows both wordings and the correction',
  async (t) => {
    const family = await registerFamily(door)
    const visit = await recordVisit(door, family, { children: 1 })
    await done(door, 'nakamura', `/v1/visits/${visit}/correct`, { reason: 'typo', children: 4 })
    const { entries } = await read(family, 'kind=visit')
    t.match(entries, [
      { type: 'VisitRecorded', correctedBy: { type: 'VisitCorrected', eventId: String, position: String } },
    ])
    t.equal(entries.length, 1)
    const history = await read(family, 'kind=visit&history=true&order=oldest')
    t.strictSame(
      history.entries.map(({ type }) => type),
      ['VisitRecorded', 'VisitRecorded', 'VisitCorrected'],
    )
  },
)

await t.test('an annulled entry leaves the timeline and stays in its history', async (t) => {
  const family = await registerFamily(door)
  const visit = await recordVisit(door, family)
  await done(door, 'nakamura', `/v1/visits/${visit}/annul`, { reason: 'wrongFamily' })
  t.strictSame((await read(family, 'kind=visit')).entries, [])
  const { entries } = await read(family, 'kind=visit&history=true')
  t.ok(
    entries.some(({ annulled }) => annulled),
    'marked',
  )
})

await t.test('links lead from what came of it to where it came from, and back', async (t) => {
  const family = await registerFamily(door)
  const notice = newId()
  await done(door, 'nakamura', `/v1/notices/${notice}/record`, {
    familyId: family.id,
    noticeKind: ['isolation'],
  })
  const consultation = await openConsultation(door, family, { noticeRefs: [notice] })
  const { id: referral } = await sendReferral(door, family, { consultationId: consultation })
  const { entries } = await read(family)
  const linksOf = (type: string) => entries.find((entry) => entry.type === type)?.links
  t.match(linksOf('ConsultationOpened'), [
    { rel: 'notice', stream: `notice-${notice}` },
    { rel: 'ledTo', stream: `referral-${referral}` },
  ])
  t.match(linksOf('NoticeRecorded'), [{ rel: 'ledTo', stream: `consultation-${consultation}` }])
  t.match(linksOf('ReferralSent'), [{ rel: 'consultation', stream: `consultation-${consultation}` }])
  t.notOk(
    entries.some(({ type }) => type === 'ConsultationLinked'),
    'bookkeeping is no entry',
  )
})

await t.test('what a later event implies is shown as implied', async (t) => {
  const family = await registerFamily(door)
  const { id } = await sendReferral(door, family)
  await done(door, 'mchCoordinator', `/v1/referrals/${id}/accept`, {
    assignee: 'ogawa',
    plannedContactOn: '2199-01-01',
  })
  const { entries } = await read(family, 'kind=referral&order=oldest')
  t.strictSame(
    entries.map(({ type, implied }) => [type, implied ?? false]),
    [
      ['ReferralSent', false],
      ['ReferralAcknowledged', true],
      ['ReferralAccepted', false],
    ],
  )
})

await t.test('a visit that was given to another family moves there', async (t) => {
  const wrong = await registerFamily(door)
  const right = await registerFamily(door)
  const visit = await recordVisit(door, wrong)
  await done(door, 'nakamura', `/v1/visits/${visit}/correct`, { reason: 'wrongFamily', familyId: right.id })
  t.strictSame((await read(wrong, 'kind=visit')).entries, [])
  t.equal((await read(right, 'kind=visit')).entries.length, 1)
})
