import t from 'tap'
import { startOfDay } from '#domain/kernel/time.ts'
import { staffBy } from '#src/access/principal.ts'
import { openTestDoor, problem } from '#test/kit/door.ts'
import { done, fresh, openConsultation, registerFamily } from '#test/kit/door-story.ts'

let now = '2024-06-04T01:00:00.000Z'
const door = await openTestDoor(t, { now: () => now })
const day = (date: string) => {
  now = startOfDay(date)
}
const family = await registerFamily(door)
const hasRole = async () => (await door.get('partner', '/v1/worklists/overdue')).statusCode

await t.test('a role acts from its first to its last day, and the next one takes its place', async (t) => {
  const give = (body: object) => door.post('admin', '/v1/staff/nakamura/give-role', body)
  const role = { role: 'hubPartner', organization: 'ORG-141097-H' }
  t.equal((await give({ ...role, from: '2024-07-01', until: '2024-07-31' })).statusCode, 200)
  const staffMember = staffBy(door.system)
  t.equal((await staffMember('nakamura'))?.role, 'hubStaff', 'not yet')
  t.equal((await staffMember('nakamura', '2024-07-01'))?.role, 'hubPartner')
  t.equal((await staffMember('nakamura', '2024-07-31'))?.role, 'hubPartner')
  t.equal(await staffMember('nakamura', '2024-08-01'), undefined)
  problem(t, await give({ ...role, from: '2024-07-01' }), 400, 'staff/role-begins-earlier')
  problem(
    t,
    await give({ role: 'wardManager', organization: 'ORG-141097-H', from: '2024-08-01' }),
    400,
    'staff/role-elsewhere',
  )
  problem(t, await give({ ...role, from: '2024-09-02', until: '2024-09-01' }), 400, 'request/invalid')

  day('2024-08-01')
  problem(t, await door.get('nakamura', `/v1/families/${family.id}`), 401, 'access/not-staff')
  t.equal(
    (await give({ role: 'hubStaff', organization: 'ORG-141097-H', from: '2024-08-01' })).statusCode,
    200,
  )
  t.equal((await door.get('nakamura', `/v1/families/${family.id}`, await fresh(door))).statusCode, 200)
})

await t.test('an account is not closed while somebody counts on it (R-HAN-1)', async (t) => {
  const consultation = await openConsultation(door, family)
  const close = () => door.post('admin', '/v1/staff/saito/close-account', { reason: 'left' })
  problem(t, await close(), 409, 'staff/open-items')
  t.equal(await hasRole(), 200)
  await done(door, 'partner', `/v1/consultations/${consultation}/close`, { closeReason: '終結' })
  t.equal((await close()).statusCode, 200)
  t.equal(await hasRole(), 401, 'at once')
  await done(door, 'admin', '/v1/staff/saito/give-role', {
    role: 'hubPartner',
    organization: 'ORG-141097-H',
    from: '2024-08-01',
  })
  t.equal(await hasRole(), 200, 'and they can come back')
})
