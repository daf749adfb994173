import t from 'tap'
import { accessLog } from '#projections/access-log.ts'
import { newId, openTestDoor, problem, type Who } from '#test/kit/door.ts'
import {
  done,
  type Family,
  fresh,
  hub,
  recordVisit,
  registerFamily,
  sendReferral,
  ward,
} from '#test/kit/door-story.ts'

type Entry = {
  readonly eventId: string
  readonly kind: string
  readonly items?: readonly { readonly path: string; readonly part: string; readonly value?: unknown }[]
}

const door = await openTestDoor(t)
const PHONE = '090-1111-2222'
const asked = { requesterKind: 'self', identityCheck: 'photoDocument' }

const withPhone = async () => {
  const father = newId()
  const mother = newId()
  const family = await registerFamily(door, {
    caregivers: [
      { personId: mother, name: '田中 花', relation: 'mother', contact: { phone: PHONE } },
      { personId: father, relation: 'father' },
    ],
  })
  return { ...family, mother, father }
}
const notice = (family: Family, changes: object = {}) =>
  recorded(`/v1/notices/${newId()}/record`, {
    familyId: family.id,
    noticeKind: ['isolation'],
    facts: 'one hour',
    ...changes,
  })
const recorded = async (path: string, body: object) => {
  const { id, events } = (await done(door, 'nakamura', path, body)).json()
  return { id: id as string, eventId: events[0].id as string }
}
const disclosed = async (
  family: Family,
  personId: string,
  decision: object = { outcome: 'granted' },
  by = {},
) => {
  const id = newId()
  const body = { ...asked, familyId: family.id, personId, ...by }
  await done(door, 'partner', `/v1/disclosure-requests/${id}/receive`, body)
  await done(door, 'director', `/v1/disclosure-requests/${id}/decide`, decision)
  await done(door, 'partner', `/v1/disclosure-requests/${id}/provide`, { handedOver: 'copy' })
  return id
}
const exported = async (id: string): Promise<readonly Entry[]> =>
  (await door.get('partner', `/v1/disclosure-requests/${id}/export`, await fresh(door))).json().entries

const request = (
  family: Family,
  disclosureId: string,
  about: { eventId: string; field: string },
  changes = {},
) =>
  door.post('partner', `/v1/correction-requests/${newId()}/request`, {
    ...asked,
    familyId: family.id,
    personId: family.mother,
    disclosureId,
    value: 'right',
    why: 'w',
    ...about,
    ...changes,
  })

t.test('whatever was shown as a fact can be named: a phone, and what the program noted', async (t) => {
  const family = await withPhone()
  await notice(family)
  const met = newId()
  await recordVisit(door, family, { childAdded: { personId: met, birthDate: '2023-05-06', name: '田中 葵' } })
  await door.settled()
  const named = async (personId: string, by = {}) => {
    const id = await disclosed(family, personId, { outcome: 'granted' }, by)
    const facts = (await exported(id)).flatMap(({ eventId, items = [] }) =>
      items.filter(({ part }) => part === 'fact').map(({ path }) => ({ eventId, field: path })),
    )
    for (const about of facts) {
      const answer = await request(family, id, about, { personId, ...by })
      t.equal(answer.statusCode, 201, `${about.field} ${answer.statusCode === 201 ? '' : answer.body}`)
    }
    return facts.map(({ field }) => field)
  }
  t.ok((await named(family.mother)).includes('/caregivers/0/contact/phone'))
  const represented = { requesterKind: 'legalRepresentative', representativeId: family.mother }
  t.ok((await named(met, represented)).includes('/child/name'))
})

t.test('nothing that was not shown can be named', async (t) => {
  const family = await withPhone()
  const ground = 'properWork'
  const [partly, whole, unsaid] = [
    await notice(family, { toldBy: 'grandmother' }),
    await notice(family),
    await notice(family),
  ]
  const id = await disclosed(family, family.mother, {
    outcome: 'partly',
    withhold: [
      { eventId: partly.eventId, field: '/facts', ground },
      { eventId: whole.eventId, ground },
      { eventId: unsaid.eventId, existence: true, ground: 'existence' },
    ],
  })
  const later = await notice(family)
  const fathers = await disclosed(family, family.father)
  const noSuchEntry = async (eventId: string, field = '/facts') =>
    problem(t, await request(family, id, { eventId, field }), 409, 'correction-request/no-such-entry')
  await noSuchEntry(partly.eventId)
  await noSuchEntry(partly.eventId, '/metadata/toldBy')
  await noSuchEntry(whole.eventId)
  await noSuchEntry(unsaid.eventId)
  await noSuchEntry(later.eventId)
  await noSuchEntry(newId())
  t.equal((await request(family, id, { eventId: partly.eventId, field: '/familyId' })).statusCode, 201)
  const otherwise = await request(family, fathers, { eventId: partly.eventId, field: '/familyId' })
  problem(t, otherwise, 409, 'correction-request/not-disclosed')
})

t.test(
  'of a household in hiding, what was handed over while it was not can still be put right',
  async (t) => {
    const family = await withPhone()
    const flags = (householdFlags: readonly string[]) =>
      done(door, 'nakamura', `/v1/families/${family.id}/update-profile`, { householdFlags })
    const before = await disclosed(family, family.mother)
    const [registered] = await exported(before)
    const about = { eventId: registered?.eventId ?? '', field: '/caregivers/0/contact/phone' }
    await flags(['dvProtection'])
    const during = await disclosed(family, family.mother)
    t.equal((await request(family, before, about)).statusCode, 201)
    problem(t, await request(family, during, about), 409, 'correction-request/no-such-entry')
  },
)

t.test('everybody who saw the class of the wrong field is told, and nobody else (R-PRI-14)', async (t) => {
  const early = await withPhone()
  const read = async (who: Who, path: string) => (await door.get(who, path, await fresh(door))).statusCode
  const family = await registerFamily(door)
  const father = newId()
  await done(door, 'nakamura', `/v1/families/${family.id}/add-caregiver`, {
    personId: father,
    relation: 'father',
  })
  await sendReferral(door, family)
  const seen = await notice(family)
  t.equal(await read('nakamura', `/v1/families/${family.id}/timeline`), 200, 'before there was a phone')
  const { eventId } = await recorded(`/v1/families/${family.id}/update-profile`, {
    caregivers: [{ personId: family.mother, contact: { phone: PHONE } }],
  })
  await done(door, 'partner', `/v1/consents/${newId()}/give`, {
    familyId: family.id,
    recipients: [ward],
    dataClasses: ['registration', 'contact'],
    people: [family.mother],
    givenBy: family.mother,
    method: 'oral',
    heardBy: '斎藤',
    words: 'はい',
  })
  t.equal(await read('director', `/v1/families/${family.id}`), 200, 'the phone alone')
  t.equal(await read('mchCoordinator', `/v1/families/${family.id}/timeline`), 200)
  t.equal(await read('nakamura', `/v1/notices/${seen.id}`), 200, 'the notice alone')
  t.equal(await read('elsewhere', `/v1/families/${family.id}`), 404)
  t.equal(await read('nakamura', `/v1/families/${early.id}`), 200)
  const id = await disclosed(family, family.mother)
  await exported(id)
  await disclosed(family, father)

  const recipientsOf = async (about: { eventId: string; field: string }) => {
    const correction = (await request(family, id, about)).json().id
    return (await door.get('director', `/v1/correction-requests/${correction}/recipients`)).json().recipients
  }
  const opened = ['opened']
  t.strictSame(await recipientsOf({ eventId, field: '/caregivers/0/contact/phone' }), [
    { organizationId: ward, because: ['disclosed', 'consent'] },
    ...['ogawa', 'saito', 'shisetsucho'].map((staffId) => ({ staffId, because: opened })),
    { personId: family.mother, because: ['disclosureToPerson'] },
  ])
  t.strictSame(await recipientsOf({ eventId: seen.eventId, field: '/facts' }), [
    ...['nakamura', 'saito'].map((staffId) => ({ staffId, because: opened })),
    ...[family.mother, father]
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((personId) => ({ personId, because: ['disclosureToPerson'] })),
  ])
  await door.settled()
  const rows = door.system.views.reader(accessLog).list({ where: { family: family.id } })
  t.match(
    rows.filter(({ outcome }) => outcome === 'refused'),
    [{ staffId: 'ishida', holder: hub }],
    'the refused reading is in the log',
  )
})
