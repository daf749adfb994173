import t from 'tap'
import { openTestDoor, problem, type Who } from '#test/kit/door.ts'
import {
  done,
  fresh,
  openConsultation,
  recordVisit,
  registerFamily,
  sendUnderConsent,
} from '#test/kit/door-story.ts'

let now = '2024-06-04T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })
const family = await registerFamily(door)
await recordVisit(door, family)
const { consentId } = await sendUnderConsent(door, family, '眠れていない')
const sent = String(await door.system.store.head())
now = '2024-06-05T01:00:00.000Z'
await done(door, 'partner', `/v1/consents/${consentId}/withdraw`, {})
const withdrawn = String(await door.system.store.head())

const path = `/v1/audit/families/${family.id}/as-seen`
const seen = async (staff: string, asOf: string, who: Who = 'auditor') =>
  door.get(who, `${path}?staff=${staff}&asOf=${asOf}`, await fresh(door))
const by = async (staff: string, asOf: string) =>
  new Map<string, { effect: string; rule: string; redacted: string[] }>(
    (await seen(staff, asOf)).json().entries.map((entry: { type: string }) => [entry.type, entry]),
  )

await t.test('what the ward was shown while the consent lasted, and by which rule', async (t) => {
  const then = await by('ogawa', sent)
  t.match(then.get('ReferralSent'), {
    effect: 'allow',
    redacted: [],
    rule: '4.6/referralEnvelope/wardMchCoordinator',
  })
  t.match(then.get('FamilyRegistered'), { effect: 'allow' })
  t.match(then.get('VisitRecorded'), { effect: 'deny', rule: 'default' })
})

await t.test('and after its withdrawal: the envelope without its words', async (t) => {
  const after = await by('ogawa', withdrawn)
  t.match(after.get('ReferralSent'), { effect: 'allow', redacted: ['/summary'] })
  t.match(after.get('FamilyRegistered'), { effect: 'deny' })
  t.strictSame((await by('ogawa', sent)).get('ReferralSent')?.redacted, [], 'the past stays what it was')
})

await t.test('roles, protection and assignment are those of that moment', async (t) => {
  const start = String(await door.system.store.head())
  await done(door, 'nakamura', `/v1/families/${family.id}/update-profile`, {
    householdFlags: ['dvProtection'],
  })
  const hidden = String(await door.system.store.head())
  t.equal((await by('nakamura', start)).get('VisitRecorded')?.effect, 'allow')
  t.match((await by('nakamura', hidden)).get('VisitRecorded'), { effect: 'deny', rule: 'R-ACC-2' })
  const consultation = await openConsultation(door, family)
  const assigned = String(await door.system.store.head())
  await done(door, 'partner', `/v1/consultations/${consultation}/close`, { closeReason: '終結' })
  t.equal((await by('saito', hidden)).get('VisitRecorded')?.effect, 'deny')
  t.equal(
    (await by('saito', assigned)).get('VisitRecorded')?.effect,
    'allow',
    'something was open, and theirs',
  )
  await done(door, 'admin', '/v1/staff/nakamura/close-account', { reason: 'left' })
  problem(t, await seen('nakamura', String(await door.system.store.head())), 404, 'request/not-found')
  t.equal((await seen('nakamura', start)).statusCode, 200)
})

await t.test('for auditors only, and not a word of what stood there', async (t) => {
  problem(t, await seen('ogawa', sent, 'director'), 403, 'access/role-not-allowed')
  t.notMatch((await seen('saito', sent)).body, /眠れていない|お願いします|田中/)
  problem(t, await seen('nobody-here', sent), 404, 'request/not-found')
  t.equal((await seen('ogawa', '2024-06-04T12:00:00Z')).statusCode, 200, 'a time will do')
})
