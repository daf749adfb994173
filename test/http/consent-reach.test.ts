import t, { type Test } from 'tap'
import { newId, openTestDoor, type Who } from '#test/kit/door.ts'
import { done, fresh, letterTo, registerFamily, sendReferral, ward } from '#test/kit/door-story.ts'

let now = '2024-06-04T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })

/** A family of four whose mother has agreed that the ward learns about her and the child, and a letter under that agreement. */
const agreed = async (scope: object = {}) => {
  const father = newId()
  const mother = newId()
  const child = newId()
  const family = await registerFamily(door, {
    caregivers: [
      { personId: mother, name: '高橋 真理', relation: 'mother', contact: { phone: '090-1111' } },
      { personId: father, name: '高橋 翔', relation: 'father', contact: { phone: '090-2222' } },
    ],
    children: [{ personId: child, name: '高橋 蓮', birthDate: '2022-10-05' }],
  })
  const consentId = newId()
  const consent = {
    recipients: [ward],
    dataClasses: ['registration', 'contact', 'consultationSummary', 'referralContent'],
    people: [mother, child],
    ...scope,
  }
  await done(door, 'partner', `/v1/consents/${consentId}/give`, {
    familyId: family.id,
    ...consent,
    givenBy: mother,
    method: 'oral',
    heardBy: '斎藤',
    words: 'お願いします',
    until: '2024-08-31',
  })
  const { id: referralId } = await sendReferral(door, family, {
    summary: '眠れていない',
    legalBasis: undefined,
    basisReason: undefined,
    basis: consentId,
    dataClasses: ['referralContent'],
    people: [mother],
  })
  return { family, mother, father, child, consentId, referralId }
}

const read = async (who: Who, path: string): Promise<string> =>
  (await door.get(who, path, await fresh(door))).body
const pageAndTimeline = async (who: Who, familyId: string) =>
  (await read(who, `/v1/families/${familyId}`)) +
  (await read(who, `/v1/families/${familyId}/timeline?limit=500&history=true`))
const talkAbout = async (familyId: string, person: string) => {
  const id = newId()
  const about = { familyId, people: [person], trigger: 'conversationShift', service: 'hirobaTalk' }
  await done(door, 'partner', `/v1/consultations/${id}/open`, about)
  return id
}

await t.test('a consent reaches the people whom it names, and nobody else (R-PRI-1, R-PRI-3)', async (t) => {
  const { family, mother, father, referralId } = await agreed()
  await done(door, 'mchCoordinator', `/v1/referrals/${referralId}/accept`, {
    assignee: 'ogawa',
    plannedContactOn: '2024-06-05',
  })
  const hers = await talkAbout(family.id, mother)
  const his = await talkAbout(family.id, father)
  const seen = await pageAndTimeline('mchCoordinator', family.id)
  for (const theirs of ['高橋 真理', '高橋 蓮', '2022-10-05', '090-1111', hers]) t.match(seen, theirs)
  for (const others of ['高橋 翔', '090-2222', his]) t.notMatch(seen, others)
  t.equal((await door.get('mchCoordinator', `/v1/consultations/${hers}`)).statusCode, 200)
  t.equal((await door.get('mchCoordinator', `/v1/consultations/${his}`)).statusCode, 404)
  const page = JSON.parse(await read('mchCoordinator', `/v1/families/${family.id}`))
  t.strictSame(page.redacted, ['members.name', 'members.birthDate', 'members.contact'])
  t.match(await pageAndTimeline('partner', family.id), '高橋 翔', 'the hub’s own register is whole')
})

const isOpen = async (
  t: Test,
  familyId: string,
  what: { readonly [text: string]: boolean },
  when: string,
) => {
  const seen = await pageAndTimeline('mchCoordinator', familyId)
  for (const [text, wanted] of Object.entries(what)) t.equal(seen.includes(text), wanted, `${text} ${when}`)
}

await t.test('narrowed, it reaches as far as is left, from that position on (R-PRI-6)', async (t) => {
  const { family, mother, child, consentId } = await agreed()
  await isOpen(t, family.id, { '090-1111': true, '高橋 蓮': true, 眠れていない: true }, 'at first')
  const narrow = (scope: object) => done(door, 'partner', `/v1/consents/${consentId}/narrow`, scope)
  await narrow({ dataClasses: ['registration', 'consultationSummary', 'referralContent'] })
  await isOpen(t, family.id, { '090-1111': false, '高橋 蓮': true, 眠れていない: true }, 'without contact')
  await narrow({ people: [mother] })
  await isOpen(t, family.id, { '高橋 真理': true, '高橋 蓮': false, 眠れていない: true }, 'without the child')
  t.match(await pageAndTimeline('partner', family.id), child)
})

await t.test('it ends with its last day in Japan, whether the end was noted or not', async (t) => {
  const { family } = await agreed()
  now = '2024-08-31T14:59:59.000Z'
  await isOpen(t, family.id, { 眠れていない: true, '090-1111': true }, 'a second before midnight')
  now = '2024-08-31T15:00:00.000Z'
  await isOpen(t, family.id, { 眠れていない: false, '090-1111': false, '高橋 真理': false }, 'at midnight')
  now = '2024-06-04T01:00:00.000Z'
})

await t.test('who was to be told learns that it was withdrawn, not why (R-PRI-5)', async (t) => {
  const { family, consentId, referralId, mother } = await agreed()
  // Another consent, still in force, tells the ward no more of this one.
  await done(door, 'partner', `/v1/consents/${newId()}/give`, {
    familyId: family.id,
    recipients: [ward],
    dataClasses: ['consultationSummary', 'consultationRecord'],
    people: [mother],
    givenBy: mother,
    method: 'oral',
    heardBy: '斎藤',
    words: 'はい',
  })
  await done(door, 'partner', `/v1/consents/${consentId}/withdraw`, { reason: '夫に知られたくない' })
  const seen = await pageAndTimeline('mchCoordinator', family.id)
  t.match(seen, 'ConsentWithdrawn')
  t.notMatch(seen + (await read('mchCoordinator', `/v1/consents/${consentId}`)), '夫に知られたくない')
  t.notMatch(seen, '眠れていない')
  t.match(seen, referralId, 'the envelope stays')
  t.match(await read('partner', `/v1/families/${family.id}/timeline?limit=500`), '夫に知られたくない')
})

await t.test('who declined is on nobody else’s screen, and who told it is told to its holder', async (t) => {
  const { family, mother, consentId } = await agreed()
  const decline = {
    familyId: family.id,
    recipients: [ward],
    dataClasses: ['health'],
    people: [mother],
    words: '夫の姉がいるので言わないで',
    toldBy: '祖母の山田さん',
  }
  await done(door, 'partner', `/v1/consents/${newId()}/decline`, decline)
  const secrets = ['ConsentDeclined', '夫の姉', '山田さん', 'お願いします', '斎藤']
  for (const text of secrets) t.notMatch(await pageAndTimeline('mchCoordinator', family.id), text)
  for (const text of secrets.slice(1)) t.notMatch(await pageAndTimeline('auditor', family.id), text)
  for (const text of secrets.slice(0, 3)) t.match(await pageAndTimeline('partner', family.id), text)

  const { id } = await sendReferral(door, family, {
    toldBy: '祖父の田中さん',
    basis: consentId,
    legalBasis: undefined,
    basisReason: undefined,
  })
  t.match(await pageAndTimeline('mchCoordinator', family.id), '祖父の田中さん', 'with the letter')
  await done(door, 'partner', `/v1/consents/${consentId}/withdraw`, {})
  t.notMatch(await pageAndTimeline('mchCoordinator', family.id), '祖父の田中さん', 'and without it')
  t.match(await pageAndTimeline('mchCoordinator', family.id), id)
})

await t.test('no recipient learns who else was named, nor who is left', async (t) => {
  const third = 'ORG-141101-H'
  const { family, consentId } = await agreed({ recipients: [ward, third] })
  const seen = async () =>
    (await pageAndTimeline('mchCoordinator', family.id)) +
    (await read('mchCoordinator', `/v1/consents/${consentId}`))
  t.notMatch(await seen(), third)
  await done(door, 'partner', `/v1/consents/${consentId}/narrow`, { recipients: [third] })
  t.notMatch(await seen(), third)
  t.match(await seen(), 'ConsentNarrowed')
  t.match(await pageAndTimeline('partner', family.id), third)
})

await t.test(
  'without a right to the register, the page says what is open and nothing of who and where',
  async (t) => {
    const { family, consentId, child } = await agreed()
    await done(door, 'partner', `/v1/consents/${consentId}/withdraw`, {})
    await done(door, 'partner', `/v1/families/${family.id}/move`, { to: '141011' })
    for (const who of ['mchCoordinator', 'wardManager'] as const) {
      const page = JSON.parse(await read(who, `/v1/families/${family.id}`))
      t.match(page, {
        ward: null,
        registeredAtSite: null,
        registeredOn: null,
        members: [],
        familyType: 'unknown',
      })
      t.strictSame(page.organizations, ['ORG-141097-H', ward], 'the two ends of its letter')
      t.notMatch(JSON.stringify(page), child)
      t.equal((await door.get(who, `/v1/families/${family.id}`)).headers.etag, undefined)
    }
  },
)

await t.test('a draft is nobody else’s, also once another wording of it was sent', async (t) => {
  const { family } = await agreed()
  const id = newId()
  await done(door, 'partner', `/v1/referrals/${id}/draft`, letterTo(family, { summary: '下書きの言葉' }))
  await done(door, 'partner', `/v1/referrals/${id}/send`, letterTo(family, { summary: '送った言葉' }))
  const seen = await pageAndTimeline('mchCoordinator', family.id)
  t.match(seen, '送った言葉')
  t.notMatch(seen, /下書きの言葉|ReferralDrafted/)
})

await t.test('a link does not tell what may not be known of', async (t) => {
  const { family, mother, referralId } = await agreed()
  await done(door, 'mchCoordinator', `/v1/referrals/${referralId}/accept`, {
    assignee: 'ogawa',
    plannedContactOn: '2024-06-05',
  })
  const notice = newId()
  await done(door, 'nakamura', `/v1/notices/${notice}/record`, {
    familyId: family.id,
    noticeKind: ['isolation'],
    abuseCheck: 'noConcern',
  })
  const consultation = newId()
  await done(door, 'partner', `/v1/consultations/${consultation}/open`, {
    familyId: family.id,
    people: [mother],
    trigger: 'conversationShift',
    service: 'hirobaTalk',
    noticeRefs: [notice],
  })
  const seen = await pageAndTimeline('mchCoordinator', family.id)
  t.match(seen, consultation)
  t.notMatch(seen, notice)
  t.match(await pageAndTimeline('partner', family.id), notice)
})

await t.test('a letter that was answered with no opens the register no longer', async (t) => {
  const family = await registerFamily(door)
  const { id } = await sendReferral(door, family, { summary: '手紙' })
  t.match(await pageAndTimeline('mchCoordinator', family.id), '田中 結')
  await done(door, 'mchCoordinator', `/v1/referrals/${id}/decline`, { reason: 'otherEntrance' })
  await done(door, 'nakamura', `/v1/families/${family.id}/add-child`, {
    name: '田中 後',
    birthDate: '2023-10-02',
  })
  const after = await pageAndTimeline('mchCoordinator', family.id)
  t.notMatch(after, /田中 結|田中 後/)
  t.match(after, '手紙', 'what was sent was sent')
})
