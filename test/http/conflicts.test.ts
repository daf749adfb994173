import t from 'tap'
import { newId, openTestDoor, staff, type Who } from '#test/kit/door.ts'
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
const declare = (staffId: string, families: readonly string[]) =>
  done(door, 'admin', `/v1/staff/${staffId}/declare-conflict`, { families, conflict: 'relative' })
const end = (staffId: string, families: readonly string[]) =>
  done(door, 'admin', `/v1/staff/${staffId}/end-conflict`, { families })

/** A family at the hub with something of everything. */
const familyOfTheHub = async () => {
  const family = await registerFamily(door, { card: newId().slice(-12) })
  const visitId = await recordVisit(door, family)
  const consultationId = await openConsultation(door, family)
  const { id: referralId } = await sendReferral(door, family)
  return { ...family, visitId, consultationId, referralId }
}
const family = await familyOfTheHub()
const another = await familyOfTheHub()

const readsOf = (of: typeof family): readonly string[] => [
  `/v1/families/${of.id}`,
  `/v1/families/${of.id}/timeline`,
  `/v1/visits/${of.visitId}`,
  `/v1/consultations/${of.consultationId}`,
  `/v1/referrals/${of.referralId}`,
]
const statusesOf = async (who: Who, of: typeof family) => {
  const headers = await fresh(door)
  return Promise.all(readsOf(of).map(async (path) => (await door.get(who, path, headers)).statusCode))
}
const ids = ({ id, consultationId, referralId, visitId }: typeof family) => [
  id,
  consultationId,
  referralId,
  visitId,
]
const LISTS = [
  '/v1/worklists/consultations-open',
  '/v1/worklists/referrals-out',
  '/v1/worklists/referrals-in',
  '/v1/worklists/overdue',
  '/v1/feeds/referrals?limit=500',
]
const listed = async (who: Who) => {
  const headers = await fresh(door)
  const answers = await Promise.all([
    ...LISTS.map((path) => door.get(who, path, headers)),
    door.post(who, '/v1/families/search', { name: '田中 結', birthDate: '2021-10-02' }, headers),
  ])
  return answers.map(({ body }) => body).join()
}

await t.test('before anything is declared, partner and ward read what is theirs', async (t) => {
  t.strictSame(await statusesOf('partner', family), [200, 200, 200, 200, 200])
  const lists = await listed('partner')
  for (const id of [family.id, family.consultationId, family.referralId]) t.ok(lists.includes(id))
})

for (const who of ['partner', 'director', 'mchCoordinator'] as const)
  await t.test(
    `${who}: a declared conflict closes the whole file at once, to read and to write`,
    async (t) => {
      const { staffId } = staff[who]
      await declare(staffId, [family.id])
      t.strictSame(await statusesOf(who, family), [404, 404, 404, 404, 404])
      const lists = await listed(who)
      for (const id of ids(family)) t.notOk(lists.includes(id), id)
      const writes: readonly [string, object][] = [
        [`/v1/visits/${newId()}/record`, { familyId: family.id, visitors: ['mother'] }],
        [`/v1/families/${family.id}/update-profile`, { preferredLanguage: 'en' }],
        [`/v1/consultations/${family.consultationId}/close`, { closeReason: 'resolved' }],
      ]
      for (const [path, body] of writes)
        t.ok([403, 404].includes((await door.post(who, path, body)).statusCode))

      t.strictSame(
        (await statusesOf(who, another)).slice(0, 2),
        [200, 200],
        'another family is as open as before',
      )
      await end(staffId, [family.id])
      t.strictSame((await statusesOf(who, family)).slice(0, 2), [200, 200], 'ended, it is open again')
    },
  )

await t.test('auditors live somewhere, too', async (t) => {
  const eventsOf = async ({ id }: Family) =>
    (await door.get('auditor', `/v1/audit/events?family=${id}`, await fresh(door)))
      .json()
      // That somebody in conflict has asked is itself written down.
      .events.filter(({ type }: { type: string }) => type !== 'ReadingRefused').length
  const all = await eventsOf(family)
  t.ok(all > 0)
  await declare(staff.auditor.staffId, [family.id])
  t.equal(await eventsOf(family), 0)
  t.ok((await eventsOf(another)) > 0)
  t.equal((await statusesOf('auditor', family))[0], 404)
  await end(staff.auditor.staffId, [family.id])
  t.equal(await eventsOf(family), all)
})

await t.test('the log names who acted, not what is closed to them', async (t) => {
  const { staffId } = staff.partner
  await declare(staffId, [family.id])
  const { id } = await registerFamily(door, {}, 'partner')
  const [event] = await door.system.store.read(`family-${id}`)
  t.equal(event?.metadata.actor.staffId, staffId)
  t.notOk(JSON.stringify(event?.metadata).includes(family.id))
})

await t.test('a conflict declared while an answer is being made wins over the answer', async (t) => {
  const { store } = door.system
  const { append } = store
  t.teardown(() => Object.assign(store, { append }))
  for (const path of readsOf(another).filter(
    (one) => !one.includes('/visits/') && !one.includes('/referrals/'),
  )) {
    const headers = await fresh(door)
    let isDeclared = false
    Object.assign(store, {
      append: async (...args: Parameters<typeof append>) => {
        if (!isDeclared && args[0].startsWith('access-')) {
          isDeclared = true
          await declare('saito', [another.id])
        }
        return append.apply(store, args)
      },
    })
    const answer = await door.get('partner', path, headers)
    Object.assign(store, { append })
    if (isDeclared) {
      t.equal(answer.statusCode, 404, path)
      await end('saito', [another.id])
    } else t.equal(answer.statusCode, 200, `${path}: nothing watched`)
  }
})

await t.test(
  'a work list of which a part is closed has neither holes nor a page’s end that tells of it',
  async (t) => {
    await declare('nakamura', [family.id])
    const notice = (familyId: string) => ({ familyId, noticeKind: ['isolation'], abuseCheck: 'noConcern' })
    const [first, hiddenOne, last] = [newId(), newId(), newId()]
    await done(door, 'coordinator', `/v1/notices/${first}/record`, notice(another.id))
    await done(door, 'coordinator', `/v1/notices/${hiddenOne}/record`, notice(family.id))
    await done(door, 'coordinator', `/v1/notices/${last}/record`, notice(another.id))
    const seen: string[] = []
    let cursor = ''
    for (let page = 0; page < 10; page++) {
      const path = `/v1/worklists/notices-unshared?limit=1${cursor && `&cursor=${cursor}`}`
      const { items, next } = (await door.get('nakamura', path, await fresh(door))).json()
      t.equal(items.length, 1)
      t.notMatch(Buffer.from(next ?? '', 'base64url').toString(), hiddenOne)
      seen.push(items[0].id)
      if (!next) break
      cursor = next
    }
    t.strictSame(new Set(seen), new Set([first, last]))
    await end('nakamura', [family.id])
  },
)
