import t from 'tap'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'
import { fresh, registerFamily } from '#test/kit/door-story.ts'

const NOW = '2022-03-10T03:00:00.000Z'
const door = await openTestDoor(t, { now: () => NOW })

const recorded = async (said: object) => {
  const id = newId()
  const response = await door.post('nakamura', `/v1/visits/${id}/record`, { visitors: ['mother'], ...said })
  if (response.statusCode !== 201) throw new Error(response.body)
  const [event] = await door.system.store.read(`visit-${id}`)
  const { occurredAt, occurredOn, precision } = event?.metadata ?? {}
  return { occurredAt, occurredOn, precision }
}

await t.test('nothing said: it happened now', async (t) => {
  t.strictSame(await recorded({}), { occurredAt: NOW, occurredOn: '2022-03-10', precision: 'instant' })
})

await t.test('a time with its offset, seconds or not: the day is the day in Japan', async (t) => {
  t.strictSame(await recorded({ occurredAt: '2022-03-09T16:30:00Z' }), {
    occurredAt: '2022-03-09T16:30:00.000Z',
    occurredOn: '2022-03-10',
    precision: 'instant',
  })
  t.strictSame(await recorded({ occurredAt: '2022-03-01T09:30+09:00' }), {
    occurredAt: '2022-03-01T00:30:00.000Z',
    occurredOn: '2022-03-01',
    precision: 'instant',
  })
})

await t.test('a day: kept as the start of that day in Japan', async (t) => {
  const wanted = { occurredAt: '2022-02-16T15:00:00.000Z', occurredOn: '2022-02-17' }
  t.strictSame(await recorded({ occurredOn: '2022-02-17' }), { ...wanted, precision: 'day' })
  t.strictSame(await recorded({ occurredOn: '2022-02-17', precision: 'about' }), {
    ...wanted,
    precision: 'about',
  })
  t.strictSame(await recorded({ occurredAt: '2022-02-17T10:00+09:00', precision: 'day' }), {
    ...wanted,
    precision: 'day',
  })
})

await t.test('both, when they name the same day', async (t) => {
  t.match(await recorded({ occurredAt: '2022-02-17T23:00+09:00', occurredOn: '2022-02-17' }), {
    occurredAt: '2022-02-17T14:00:00.000Z',
    precision: 'instant',
  })
})

await t.test('a clock that runs a little fast is forgiven', async (t) => {
  t.match(await recorded({ occurredAt: '2022-03-10T03:04:00Z' }), { precision: 'instant' })
})

const refused: readonly (readonly [string, object, string, string])[] = [
  ['an instant to come', { occurredAt: '2022-03-10T03:06:00Z' }, '/occurredAt', 'in_the_future'],
  ['a day to come', { occurredOn: '2022-03-11' }, '/occurredOn', 'in_the_future'],
  [
    'two different days',
    { occurredAt: '2022-03-01T09:00+09:00', occurredOn: '2022-03-02' },
    '/occurredOn',
    'two_dates',
  ],
  ['a time without offset', { occurredAt: '2022-03-01T09:00:00' }, '/occurredAt', 'wrong_format'],
  ['a day that no calendar has', { occurredOn: '2022-02-30' }, '/occurredOn', 'wrong_format'],
  ['an instant that no calendar has', { occurredAt: '2022-02-30T09:00:00Z' }, '/occurredAt', 'wrong_format'],
  [
    'an instant of which only the day is known',
    { occurredOn: '2022-03-01', precision: 'instant' },
    '/precision',
    'no_instant',
  ],
  ['a precision that is none', { precision: 'exactly' }, '/precision', 'unknown_code'],
  ['a time before all records', { occurredAt: '0001-01-01T00:00:00Z' }, '/occurredAt', 'invalid'],
  ['a day before all records', { occurredOn: '1899-12-31' }, '/occurredOn', 'invalid'],
]
for (const [what, said, pointer, code] of refused)
  await t.test(`refused: ${what}`, async (t) => {
    const response = await door.post('nakamura', `/v1/visits/${newId()}/record`, {
      visitors: ['mother'],
      ...said,
    })
    const { errors } = problem(t, response, 400, 'request/invalid')
    t.match(errors, [{ pointer, code }])
  })

await t.test('late is recorded with its reason and who said so, and shown as late', async (t) => {
  const family = await registerFamily(door)
  const said = { occurredOn: '2022-01-05', toldBy: '父', lateReason: '用紙が月末に届いた' }
  const id = newId()
  await door.post('nakamura', `/v1/visits/${id}/record`, {
    visitors: ['mother'],
    familyId: family.id,
    ...said,
  })
  const [event] = await door.system.store.read(`visit-${id}`)
  t.ok(event)
  if (!event) return
  t.match(door.system.decode(event).metadata, { toldBy: '父', lateReason: '用紙が月末に届いた' })
  t.notMatch(JSON.stringify(event.metadata), /父|用紙/)
  t.notMatch(event.data, { toldBy: String })
  const { entries } = (
    await door.get('partner', `/v1/families/${family.id}/timeline`, await fresh(door))
  ).json()
  t.match(
    entries.find(({ kind }: { kind: string }) => kind === 'visit'),
    { late: true, toldBy: '父', occurredOn: '2022-01-05', precision: 'day', recordedAt: NOW },
  )
})
