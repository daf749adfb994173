import t, { type Test } from 'tap'
import { streamName } from '#domain/kernel/event.ts'
import { isSealed } from '#domain/kernel/keyring.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { type Door, newId, openTestDoor, problem, type Who } from '#test/kit/door.ts'
import {
  done,
  type Family,
  fresh,
  openConsultation,
  recordVisit,
  registerFamily,
} from '#test/kit/door-story.ts'

const ADDRESS = '港北区のかくれ町 1-2-3'
const PHONE = '090-1111-2222'
const FACTS = 'shaberanai-koto'
const SITE = 'SITE-141097-1'
const asked = { requesterKind: 'self', identityCheck: 'photoDocument' }

const household = async (door: Door): Promise<Family> => {
  const family = await registerFamily(door)
  await done(door, 'nakamura', `/v1/families/${family.id}/update-profile`, {
    caregivers: [{ personId: family.mother, contact: { phone: PHONE, address: ADDRESS } }],
  })
  await notice(door, family, FACTS)
  return family
}
const notice = async (door: Door, { id: familyId }: Family, facts: string) => {
  const recorded = await done(door, 'nakamura', `/v1/notices/${newId()}/record`, {
    familyId,
    noticeKind: ['isolation'],
    facts,
  })
  return recorded.json().events[0].id as string
}
const decided = async (door: Door, family: Family, decision: object = { outcome: 'granted' }, scope = {}) => {
  const id = newId()
  const about = { ...asked, familyId: family.id, personId: family.mother, ...scope }
  await done(door, 'partner', `/v1/disclosure-requests/${id}/receive`, about)
  await done(door, 'director', `/v1/disclosure-requests/${id}/decide`, decision)
  return id
}
const pathOf = (id: string) => `/v1/disclosure-requests/${id}/export`
const looksAt = async (door: Door, { id }: Family) =>
  (await door.system.store.read(streamName('access', id))).map(({ data, metadata: { actor } }) => ({
    ...(data as { classes: readonly string[]; count: number }),
    by: actor.staffId,
    role: actor.role,
  }))

/** Something happens while the access is written down: after the answer was made, before it is let go. */
const meanwhile = (t: Test, { system: { store } }: Door, happens: (time: number) => Promise<unknown>) => {
  const { append } = store
  const restore = () => Object.assign(store, { append })
  t.teardown(restore)
  let times = 0
  const interrupted: typeof append = async (stream, expected, events) => {
    if (events.some(({ type }) => type === 'RecordViewed')) await happens(times++)
    return append.call(store, stream, expected, events)
  }
  Object.assign(store, { append: interrupted })
  return restore
}

t.test('what was written down after the decision is in no export of it', async (t) => {
  const door = await openTestDoor(t)
  const family = await household(door)
  const visit = await recordVisit(door, family)
  const earlier = await decided(door, family)
  await done(door, 'partner', `/v1/disclosure-requests/${earlier}/provide`, { handedOver: 'copy' })
  const id = await decided(door, family)
  const bytes = async () => {
    const { statusCode, body } = await door.get('partner', pathOf(id), await fresh(door))
    t.equal(statusCode, 200)
    return body
  }
  const atDecision = await bytes()
  t.match(atDecision, FACTS)
  const { entries } = JSON.parse(atDecision)
  const disputed = entries.find(({ kind }: { kind: string }) => kind === 'notice').eventId

  await notice(door, family, 'after-the-decision')
  t.equal(await bytes(), atDecision, 'a notice recorded since')
  await done(door, 'partner', `/v1/disclosure-requests/${id}/provide`, { handedOver: 'copy' })
  t.equal(await bytes(), atDecision, 'handed over')
  await notice(door, family, 'after-the-copy')
  await done(door, 'partner', `/v1/visits/${visit}/correct`, {
    site: SITE,
    familyId: family.id,
    visitors: ['father'],
    children: 2,
    reason: 'typo',
  })
  const correction = newId()
  await done(door, 'partner', `/v1/correction-requests/${correction}/request`, {
    ...asked,
    familyId: family.id,
    personId: family.mother,
    disclosureId: earlier,
    eventId: disputed,
    field: '/facts',
    value: 'put-right',
    why: 'w',
  })
  await done(door, 'director', `/v1/correction-requests/${correction}/decide`, {
    outcome: 'partly',
    value: 'put-right',
    statement: 'what-she-says',
  })
  t.equal(await bytes(), atDecision, 'what was put right since stands in the next disclosure')
  const next = await door.get('partner', pathOf(await decided(door, family)), await fresh(door))
  for (const word of ['after-the-decision', 'after-the-copy', 'put-right', 'what-she-says'])
    t.match(next.body, word)
})

t.test('what has turned out to be another family’s is handed to this one no more', async (t) => {
  const door = await openTestDoor(t)
  const family = await household(door)
  const visit = await recordVisit(door, family)
  const id = await decided(door, family)
  const kinds = async () =>
    (await door.get('partner', pathOf(id), await fresh(door)))
      .json()
      .entries.map(({ kind }: { kind: string }) => kind)
  t.strictSame(await kinds(), ['family', 'family', 'notice', 'visit'])
  await done(door, 'partner', `/v1/visits/${visit}/annul`, { reason: 'wrongFamily' })
  t.strictSame(await kinds(), ['family', 'family', 'notice'])
})

t.test(
  'what happens while it is written down counts: nothing leaves that the second look would not give',
  async (t) => {
    const today = japanDate(new Date().toISOString())
    const role = (changes: object) => ({
      role: 'hubPartner',
      organization: 'ORG-141097-H',
      from: today,
      ...changes,
    })
    const changes: Record<string, (door: Door, family: Family) => Promise<unknown>> = {
      'a conflict is declared': (door, { id }) =>
        done(door, 'admin', '/v1/staff/saito/declare-conflict', { families: [id], conflict: 'relative' }),
      'they prepare no exports any more': (door) =>
        done(door, 'admin', '/v1/staff/saito/give-role', role({ role: 'hubStaff', site: SITE })),
      'they work elsewhere': (door) =>
        done(door, 'admin', '/v1/staff/saito/give-role', role({ organization: 'ORG-141101-H' })),
      'they work here no longer': (door) =>
        done(door, 'admin', '/v1/staff/saito/close-account', { reason: 'left' }),
    }
    for (const [what, change] of Object.entries(changes))
      await t.test(what, async (t) => {
        const door = await openTestDoor(t)
        const family = await household(door)
        const id = await decided(door, family)
        const before = await door.get('partner', pathOf(id), await fresh(door))
        t.match(before.body, FACTS)
        meanwhile(t, door, () => change(door, family))
        const after = await door.get('partner', pathOf(id), await fresh(door))
        problem(t, after, 404, 'request/not-found')
        for (const word of [FACTS, PHONE, ADDRESS, id])
          t.notMatch(after.body + JSON.stringify(after.headers), word, word)
        t.notOk(after.headers.etag)
      })
  },
)

t.test('a protection that is set meanwhile hides where the household is', async (t) => {
  const door = await openTestDoor(t)
  const family = await household(door)
  const id = await decided(door, family)
  const headers = await fresh(door)
  t.match((await door.get('partner', pathOf(id), headers)).body, ADDRESS)
  meanwhile(t, door, async (time) =>
    time === 0
      ? done(door, 'nakamura', `/v1/families/${family.id}/update-profile`, {
          householdFlags: ['dvProtection'],
        })
      : undefined,
  )
  const { statusCode, body } = await door.get('partner', pathOf(id), headers)
  t.equal(statusCode, 200)
  t.match(body, FACTS)
  for (const word of [ADDRESS, PHONE, SITE]) t.notMatch(body, word, word)
  const looks = (await looksAt(door, family)).map(({ classes }) => classes.includes('contact'))
  t.strictSame(looks, [true, true, false], 'each look with what it would have shown')
})

t.test('who has another post that may do the same is written down in it', async (t) => {
  const door = await openTestDoor(t)
  const family = await household(door)
  const id = await decided(door, family)
  const from = japanDate(new Date().toISOString())
  const post = { role: 'hubDirector', organization: 'ORG-141097-H', from }
  meanwhile(t, door, async (time) =>
    time === 0 ? done(door, 'admin', '/v1/staff/saito/give-role', post) : undefined,
  )
  const { statusCode, body } = await door.get('partner', pathOf(id))
  t.equal(statusCode, 200)
  t.match(body, FACTS)
  t.strictSame(
    (await looksAt(door, family)).map(({ role }) => role),
    ['hubPartner', 'hubDirector'],
  )
})

t.test('what never comes to rest is not released', async (t) => {
  const door = await openTestDoor(t)
  const family = await household(door)
  const id = await decided(door, family)
  meanwhile(t, door, (time) =>
    done(door, 'director', `/v1/families/${family.id}/update-profile`, {
      householdFlags: time % 2 === 0 ? ['dvProtection'] : [],
    }),
  )
  const answer = await door.get('partner', pathOf(id))
  problem(t, answer, 503, 'service/unavailable')
  t.notMatch(answer.body, FACTS)
})

t.test('the access log has the classes of all that was shown, field by field', async (t) => {
  const door = await openTestDoor(t)
  const family = await household(door)
  await done(door, 'coordinator', `/v1/memberships/${newId()}/register`, {
    familyId: family.id,
    person: family.mother,
    kind: 'user',
    orientation: 'group',
  })
  await done(door, 'coordinator', `/v1/care-requests/${newId()}/request`, {
    familyId: family.id,
    children: [family.child],
    activityType: 'care',
    place: 'hiroba',
    allergies: 'tamago',
  })
  const logged = async (decision: object, scope = {}) => {
    const id = await decided(door, family, decision, scope)
    const { body, statusCode } = await door.get('partner', pathOf(id), await fresh(door))
    t.equal(statusCode, 200)
    const { classes = [], count } = (await looksAt(door, family)).at(-1) ?? {}
    return { body, classes: classes.toSorted(), count }
  }
  const all = await logged({ outcome: 'granted' })
  t.match(all.body, 'tamago')
  t.strictSame(all.classes, ['contact', 'health', 'kosapoMatch', 'kosapoMember', 'notice', 'registration'])

  const { entries } = JSON.parse(all.body)
  const eventOf = (path: string) =>
    entries.find(({ items }: { items: { path: string }[] }) => items.some((one) => one.path === path)).eventId
  const ground = 'otherPerson'
  const some = await logged({
    outcome: 'partly',
    withhold: [
      { eventId: eventOf('/allergies'), field: '/allergies', ground },
      { eventId: eventOf('/caregivers/0/contact/phone'), field: '/caregivers/0/contact', ground },
      { eventId: eventOf('/facts'), ground },
    ],
  })
  t.strictSame(
    some.classes,
    ['kosapoMatch', 'kosapoMember', 'registration'],
    'what was withheld was not seen',
  )
  t.equal(some.count, all.count && all.count - 1)

  const contact = await logged({ outcome: 'granted' }, { dataClasses: ['contact'] })
  t.match(contact.body, PHONE, 'a class is asked for wherever it stands')
  t.notMatch(contact.body, '田中')
  const registration = await logged({ outcome: 'granted' }, { dataClasses: ['registration'] })
  t.notMatch(registration.body, PHONE)
  t.strictSame(registration.classes, ['registration'])
})

t.test('of what was erased the words are gone, and nothing sealed leaves', async (t) => {
  const door = await openTestDoor(t)
  const family = await household(door)
  const id = await decided(door, family)
  await done(door, 'partner', `/v1/disclosure-requests/${id}/provide`, { handedOver: 'copy' })
  const sealed = (body: string) => {
    const found: string[] = []
    JSON.parse(body, (_, value) => {
      if (typeof value === 'string' && isSealed(value)) found.push(value)
      return value
    })
    return found
  }
  const before = await door.get('partner', pathOf(id), await fresh(door))
  t.match(before.body, FACTS)
  t.strictSame(sealed(before.body), [])
  const { openItems } = (await door.get('partner', `/v1/families/${family.id}`, await fresh(door))).json()
  for (const { stream } of openItems)
    await done(door, 'partner', `/v1/notices/${stream.slice('notice-'.length)}/share-in-team`, {
      decision: 'keepEyeOn',
    })
  await fresh(door)
  await done(door, 'director', `/v1/retention/${family.id}/erase-personal-data`, { why: 'suspensionRequest' })
  await fresh(door)
  const after = await door.get('partner', pathOf(id), await fresh(door))
  t.equal(after.statusCode, 200)
  t.match(after.body, '〔消去済み〕')
  for (const word of [FACTS, PHONE, ADDRESS]) t.notMatch(after.body, word, word)
  t.strictSame(sealed(after.body), [])
})

t.test('nothing but what was decided: who asks for another’s request learns nothing of it', async (t) => {
  const door = await openTestDoor(t)
  const family = await household(door)
  const id = await decided(door, family)
  await openConsultation(door, family)
  for (const who of ['wardManager', 'elsewhere'] as const satisfies readonly Who[]) {
    const answer = await door.get(who, pathOf(id), await fresh(door))
    problem(t, answer, 404, 'request/not-found')
    t.notMatch(answer.body, FACTS)
  }
  await done(door, 'admin', '/v1/staff/saito/declare-conflict', {
    families: [family.id],
    conflict: 'relative',
  })
  problem(t, await door.get('partner', pathOf(id)), 404, 'request/not-found')
  await door.settled()
  const refusals = (await door.system.store.read(streamName('access', family.id)))
    .filter(({ type }) => type === 'ReadingRefused')
    .map(({ data }) => data.rule)
  t.strictSame(refusals, ['relation', 'relation', 'R-ACC-3'])
})
