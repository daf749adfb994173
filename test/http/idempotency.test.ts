import t from 'tap'
import { type Door, newId, openTestDoor, problem } from '#test/kit/door.ts'
import { done, letterTo, registerFamily } from '#test/kit/door-story.ts'

const visit = { visitors: ['mother'], children: 1, occurredOn: '2022-03-10' }
const door = await openTestDoor(t)
const key = (value: string) => ({ 'idempotency-key': value })

/** What a client may compare: everything but the header that says so. */
const answerOf = (response: Awaited<ReturnType<Door['post']>>) => ({
  status: response.statusCode,
  body: response.json(),
  etag: response.headers.etag,
  position: response.headers['commit-position'],
})

await t.test('the same key and body: the first answer again, and nothing twice', async (t) => {
  const path = `/v1/visits/${newId()}/record`
  const first = await door.post('nakamura', path, visit, key('morning-1'))
  t.notOk(first.headers['idempotency-replayed'])
  const head = await door.system.store.head()
  const again = await door.post('nakamura', path, visit, key('morning-1'))
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.strictSame(answerOf(again), answerOf(first))
  t.equal(again.statusCode, 201)
  t.equal(await door.system.store.head(), head)
})

await t.test('the order of fields is not the body', async (t) => {
  const path = `/v1/visits/${newId()}/record`
  await done(door, 'nakamura', path, visit, key('order'))
  const turned = await door.post(
    'nakamura',
    path,
    Object.fromEntries(Object.entries(visit).reverse()),
    key('order'),
  )
  t.equal(turned.headers['idempotency-replayed'], 'true')
})

await t.test('the first answer stands whatever has happened since', async (t) => {
  const id = newId()
  const first = await door.post('nakamura', `/v1/visits/${id}/record`, visit, key('since'))
  await done(door, 'nakamura', `/v1/visits/${id}/annul`, { reason: 'wrongFamily' })
  const again = await door.post('nakamura', `/v1/visits/${id}/record`, visit, key('since'))
  t.strictSame(answerOf(again), answerOf(first))
})

await t.test('a command of several events answers with all of them again', async (t) => {
  const path = `/v1/consultations/${newId()}/record-chat`
  const chat = { trigger: 'alongsideVisit', service: 'hirobaTalk' }
  const first = await door.post('partner', path, chat, key('chat'))
  const again = await door.post('partner', path, chat, key('chat'))
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.strictSame(answerOf(again), answerOf(first))
  t.equal(again.json().events.length, 3)
})

await t.test('ids that the system chose are chosen once', async (t) => {
  const id = newId()
  const body = { children: [{ birthDate: '2021-10-02' }] }
  await done(door, 'nakamura', `/v1/families/${id}/register`, body, key('chosen'))
  const again = await door.post('nakamura', `/v1/families/${id}/register`, body, key('chosen'))
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.equal((await door.system.store.read(`family-${id}`)).length, 1)
})

await t.test('the same key with another body is refused, and nothing of it is kept', async (t) => {
  const path = `/v1/visits/${newId()}/record`
  await done(door, 'nakamura', path, visit, key('body'))
  const head = await door.system.store.head()
  for (const other of [
    { ...visit, children: 2 },
    { ...visit, occurredOn: '2022-03-11' },
    { ...visit, toldBy: '祖母' },
  ])
    problem(t, await door.post('nakamura', path, other, key('body')), 422, 'request/key-reused')
  t.equal(await door.system.store.head(), head)
})

await t.test('the same key for something else is refused: another stream, another command', async (t) => {
  const id = newId()
  await done(door, 'nakamura', `/v1/visits/${id}/record`, visit, key('stream'))
  problem(
    t,
    await door.post('nakamura', `/v1/visits/${newId()}/record`, visit, key('stream')),
    422,
    'request/key-reused',
  )
  problem(
    t,
    await door.post('nakamura', `/v1/visits/${id}/annul`, { reason: 'wrongFamily' }, key('stream')),
    422,
    'request/key-reused',
  )
})

await t.test('keys are each sender’s own', async (t) => {
  t.equal((await door.post('nakamura', `/v1/visits/${newId()}/record`, visit, key('own'))).statusCode, 201)
  const other = await door.post('partner', `/v1/visits/${newId()}/record`, visit, key('own'))
  t.equal(other.statusCode, 201)
  t.notOk(other.headers['idempotency-replayed'])

  const id = newId()
  await done(door, 'nakamura', `/v1/visits/${id}/record`, visit, key('same-visit'))
  const annulled = await door.post(
    'partner',
    `/v1/visits/${id}/annul`,
    { reason: 'duplicate' },
    key('same-visit'),
  )
  t.equal(annulled.statusCode, 200, 'also on the same thing')
})

await t.test('a refusal is not kept: the same key may succeed later', async (t) => {
  const id = newId()
  problem(
    t,
    await door.post('nakamura', `/v1/visits/${id}/annul`, { reason: 'wrongFamily' }, key('later')),
    404,
    'visit/not-found',
  )
  await done(door, 'nakamura', `/v1/visits/${id}/record`, visit)
  t.equal(
    (await door.post('nakamura', `/v1/visits/${id}/annul`, { reason: 'wrongFamily' }, key('later')))
      .statusCode,
    200,
  )
})

await t.test('many at once under one key: one is carried out, all get its answer', async (t) => {
  const path = `/v1/visits/${newId()}/record`
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => door.post('nakamura', path, visit, key('at-once'))),
  )
  t.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1)
  for (const answer of answers) t.strictSame(answerOf(answer), answerOf(answers[0] ?? answer))
})

await t.test('a key is 1 to 255 visible ASCII characters', async (t) => {
  for (const bad of ['', 'with space', 'k'.repeat(256), '鍵', 'tab\there']) {
    const response = await door.post(
      'nakamura',
      `/v1/visits/${newId()}/record`,
      visit,
      key(Buffer.from(bad).toString('latin1')),
    )
    problem(t, response, 400, 'request/invalid')
  }
  t.equal(
    (await door.post('nakamura', `/v1/visits/${newId()}/record`, visit, key('k'.repeat(255)))).statusCode,
    201,
  )
})

await t.test('with a key, a stale If-Match does not spoil the repetition', async (t) => {
  const family = await registerFamily(door)
  const headers = { ...key('stale-again'), 'if-match': '"1"' }
  const path = `/v1/families/${family.id}/move`
  const first = await door.post('nakamura', path, { to: '141101' }, headers)
  const again = await door.post('nakamura', path, { to: '141101' }, headers)
  t.strictSame(answerOf(again), answerOf(first))
})

await t.test(
  'after a restart the first answer is still known, and the other body still refused',
  async (t) => {
    const before = await openTestDoor(t, { engine: 'sqlite' })
    const path = `/v1/consultations/${newId()}/record-chat`
    const chat = { trigger: 'alongsideVisit', service: 'hirobaTalk' }
    const first = await before.post('partner', path, chat, key('restart'))
    const family = await registerFamily(before)
    const referral = `/v1/referrals/${newId()}/send`
    const sent = await before.post('partner', referral, letterTo(family), key('restart-2'))
    await before.stop()

    const after = await openTestDoor(t, { engine: 'sqlite', dataDir: before.dataDir })
    const again = await after.post('partner', path, chat, key('restart'))
    t.equal(again.headers['idempotency-replayed'], 'true')
    t.strictSame(answerOf(again), answerOf(first))
    t.strictSame(
      answerOf(await after.post('partner', referral, letterTo(family), key('restart-2'))),
      answerOf(sent),
    )
    problem(
      t,
      await after.post('partner', path, { ...chat, minutes: 5 }, key('restart')),
      422,
      'request/key-reused',
    )
  },
)
