import t from 'tap'
import { makeLog } from '#src/log.ts'
import { nameOf, newId, openTestDoor, staff } from '#test/kit/door.ts'
import { done, fresh, letterTo, registerFamily, sendReferral } from '#test/kit/door-story.ts'

const CANARY = 'kanaria4d2e88'
const allowed = new Set([
  'level',
  'time',
  'msg',
  'route',
  'method',
  'status',
  'ms',
  'requestId',
  'role',
  'position',
  'state',
  'reason',
  'name',
  'version',
  'command',
  'outcome',
  'cause',
  'projection',
  'err',
])

await t.test('the log tells what was done at the door, and nothing of whom and what', async (t) => {
  const door = await openTestDoor(t)
  const family = await registerFamily(door, {
    caregivers: [{ name: CANARY, relation: 'mother', contact: { phone: CANARY } }],
    card: CANARY,
  })
  const visit = newId()
  await done(door, 'nakamura', `/v1/visits/${visit}/record`, {
    visitors: ['mother'],
    familyId: family.id,
    toldBy: CANARY,
  })
  await done(door, 'nakamura', `/v1/visits/${visit}/annul`, { reason: 'typo', note: CANARY })
  await sendReferral(door, family, { summary: CANARY, basisReason: CANARY })
  await door.post(
    'partner',
    `/v1/referrals/${newId()}/send`,
    letterTo(family, { summary: CANARY, legalBasis: undefined }),
  )
  await door.post(
    'nakamura',
    `/v1/visits/${newId()}/record`,
    { visitors: [CANARY] },
    { 'idempotency-key': CANARY },
  )
  await door.post('nakamura', `/v1/visits/${CANARY}/record`, `{"${CANARY}`)
  await door.post(
    'nakamura',
    '/v1/families/search',
    { name: CANARY, birthDate: '2021-10-02' },
    await fresh(door),
  )
  await door.get('nakamura', `/v1/families/${family.id}/timeline?cursor=${CANARY}`)
  await door.get('nakamura', `/v1/${CANARY}?token=${CANARY}`)
  await door.inject({
    method: 'GET',
    url: '/v1/audit/events',
    headers: { authorization: `Bearer ${CANARY}`, 'user-agent': CANARY },
  })
  await door.post('nakamura', '/v1/batch', `{"collection":"visits","command":"${CANARY}","id":"${CANARY}"}`, {
    'content-type': 'application/x-ndjson',
  })
  await door.stop()

  const text = door.logged.join('')
  t.ok(door.logged.length >= 12, `${door.logged.length} lines`)
  t.notMatch(text, CANARY)
  for (const id of [family.id, family.mother, visit]) t.notMatch(text, id, 'nor any id of a case')
  for (const { staffId } of Object.values(staff)) t.notMatch(text, nameOf(staffId))
  t.notMatch(text, 'Bearer')
  t.notMatch(text, door.token('nakamura'))
  for (const line of door.logged) {
    const fields = Object.keys(JSON.parse(line))
    t.strictSame(
      fields.filter((field) => !allowed.has(field)),
      [],
      line,
    )
  }
  t.ok(
    door.logged.some(
      (line) => line.includes('"route":"/v1/visits/:id/record"') && line.includes('"status":201'),
    ),
  )
})

await t.test('what somebody logs by mistake does not come through', (t) => {
  const lines: string[] = []
  const log = makeLog('info', { write: (line) => void lines.push(line) })
  log.info(
    {
      body: { name: CANARY },
      data: CANARY,
      headers: { authorization: CANARY },
      family: CANARY,
      url: CANARY,
      status: 200,
    },
    'careless',
  )
  t.notMatch(lines.join(''), CANARY)
  t.match(lines[0], /"status":200/)
  t.end()
})

await t.test(
  'a failure of ours is told as such, says nothing of the inside, and is in the log',
  async (t) => {
    const door = await openTestDoor(t)
    const family = await registerFamily(door)
    await fresh(door)
    const { views } = door.system
    const reader = views.reader
    Object.assign(views, {
      reader() {
        throw new Error('the inside is broken')
      },
    })
    const response = await door.get('nakamura', `/v1/families/${family.id}/timeline`)
    Object.assign(views, { reader })
    t.equal(response.statusCode, 500)
    t.match(response.json(), { code: 'service/internal', retryable: false })
    t.notMatch(response.body, 'inside is')
    t.ok(door.logged.some((line) => line.includes('request failed') && line.includes('the inside is broken')))
  },
)
