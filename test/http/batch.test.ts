import t from 'tap'
import { newId, openTestDoor, problem, type Who } from '#test/kit/door.ts'
import { registerFamily } from '#test/kit/door-story.ts'

const door = await openTestDoor(t)
type Answer = {
  readonly line: number
  readonly status: number
  readonly code?: string
  readonly replayed?: true
} & Record<string, unknown>

const send = async (lines: string | Buffer, who: Who = 'nakamura'): Promise<readonly Answer[]> => {
  const response = await door.post(who, '/v1/batch', lines, { 'content-type': 'application/x-ndjson' })
  if (response.statusCode !== 200) throw new Error(response.body)
  return response.body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Answer)
}
const visit = (given: object = {}, data: object = { visitors: ['mother'] }) =>
  JSON.stringify({ collection: 'visits', command: 'record', id: newId(), data, ...given })
const short = (answers: readonly Answer[]) => answers.map(({ line, status }) => [line, status])

await t.test('one answer a line, in order, with the receipt of each', async (t) => {
  const id = newId()
  const answers = await send(
    [
      visit({ id }),
      visit({ id, command: 'annul', data: { reason: 'duplicate' } }),
      visit({ command: 'RecordVisit' }),
    ].join('\n'),
  )
  t.strictSame(short(answers), [
    [1, 201],
    [2, 200],
    [3, 201],
  ])
  t.match(answers[0], { id, version: 1, position: /^\d+$/, events: [{ type: 'VisitRecorded' }] })
  t.match(answers[1], { id, version: 2, events: [{ type: 'VisitAnnulled' }] })
})

await t.test('a refused line stops nothing', async (t) => {
  const answers = await send(
    [
      visit(),
      visit({}, { visitors: ['martian'] }),
      '{"broken',
      '[]',
      visit({ command: 'fly' }),
      visit({ collection: 'nothing' }),
      visit({ collection: '__proto__', command: 'constructor' }),
      visit({ command: 'annul', data: { reason: 'duplicate' } }),
      visit({ id: 'no-id' }),
      visit({ surplus: 1 }),
      visit(),
    ].join('\n'),
  )
  t.strictSame(short(answers), [
    [1, 201],
    [2, 400],
    [3, 400],
    [4, 400],
    [5, 404],
    [6, 404],
    [7, 404],
    [8, 404],
    [9, 404],
    [10, 400],
    [11, 201],
  ])
  t.match(answers[1], { code: 'request/invalid', errors: [{ pointer: /^\/visitors\/0/ }], retryable: false })
  t.match(answers[2], { code: 'request/malformed', errors: [{ code: 'malformed_json' }] })
})

await t.test('lines may end in CRLF, be empty, and lack the last end', async (t) => {
  const answers = await send(`${visit()}\r\n\r\n\n   \n${visit()}\r\n${visit()}`)
  t.strictSame(
    answers.map(({ status }) => status),
    [201, 201, 201],
  )
  t.strictSame(await send(''), [])
  t.strictSame(await send('\n\n'), [])
})

await t.test('a line separator inside a text ends no line', async (t) => {
  const answers = await send(visit({}, { visitors: ['mother'], toldBy: '祖母\u2028と父' }))
  t.strictSame(short(answers), [[1, 201]])
})

await t.test('a line too large is refused alone', async (t) => {
  const large = visit({}, { visitors: ['mother'], toldBy: 'x'.repeat(70_000) })
  const huge = 'y'.repeat(1_000_000)
  const answers = await send([visit(), large, huge, visit()].join('\n'))
  t.strictSame(short(answers), [
    [1, 201],
    [2, 413],
    [3, 413],
    [4, 201],
  ])
})

await t.test('bytes that are no UTF-8 are refused, not mended', async (t) => {
  const head = await door.system.store.head()
  const line = Buffer.from(visit({}, { visitors: ['mother'], toldBy: 'MARK' }))
  const at = line.indexOf('MARK')
  line[at] = 0xff
  const answers = await send(Buffer.concat([line, Buffer.from('\n'), Buffer.from(visit())]))
  t.strictSame(short(answers), [
    [1, 400],
    [2, 201],
  ])
  t.match(answers[0], { errors: [{ code: 'invalid_utf8' }] })
  t.equal(await door.system.store.head(), head + 1n)
})

await t.test('the same lines again change nothing and get the same answers', async (t) => {
  const lines = Array.from({ length: 5 }, (_, i) => visit({ idempotencyKey: `paper-${i}` })).join('\n')
  const first = await send(lines)
  const head = await door.system.store.head()
  const again = await send(lines)
  t.ok(again.every(({ replayed }) => replayed))
  t.strictSame(
    again.map(({ replayed: _, ...answer }) => answer),
    first,
  )
  t.equal(await door.system.store.head(), head)
  const [other] = await send(visit({ idempotencyKey: 'paper-0' }))
  t.match(other, { status: 422, code: 'request/key-reused' })
})

await t.test('where a line was recorded first is kept', async (t) => {
  const id = newId()
  await send(
    visit(
      { id, sourceSystem: 'paper-2022', sourceRecordedAt: '2022-03-10T18:00:00+09:00' },
      { visitors: ['mother'], occurredOn: '2022-03-10' },
    ),
  )
  const [event] = await door.system.store.read(`visit-${id}`)
  t.match(event?.metadata, {
    sourceSystem: 'paper-2022',
    occurredOn: '2022-03-10',
    actor: { staffId: 'nakamura' },
  })
  t.equal(Date.parse(event?.metadata.sourceRecordedAt ?? ''), Date.parse('2022-03-10T09:00:00Z'))
})

await t.test('the same rules as for single commands: role and family', async (t) => {
  const family = await registerFamily(door)
  t.match(await send(visit(), 'auditor'), [{ status: 403, code: 'access/role-not-allowed' }])
  const theirs = await send(visit({}, { visitors: ['mother'], familyId: family.id }), 'elsewhere')
  t.match(theirs, [{ status: 404, code: 'visit/not-found' }])
  t.notOk('state' in (theirs[0] ?? {}))
})

await t.test('input is never echoed', async (t) => {
  const canary = 'kanaria55aa'
  const answers = await send(
    [
      `{"${canary}`,
      visit({ command: canary }),
      visit({ id: canary }),
      visit({}, { visitors: [canary] }),
      visit({ idempotencyKey: `${canary} ` }),
    ].join('\n'),
  )
  t.equal(answers.length, 5)
  t.notMatch(JSON.stringify(answers), canary)
})

await t.test('another media type is refused', async (t) => {
  for (const type of ['application/json', 'text/plain'])
    problem(
      t,
      await door.post('nakamura', '/v1/batch', visit(), { 'content-type': type }),
      415,
      'request/not-ndjson',
    )
})

await t.test('a thousand lines', async (t) => {
  const answers = await send(Array.from({ length: 1_000 }, () => visit()).join('\n'))
  t.ok(answers.every(({ status, line }, i) => status === 201 && line === i + 1))
})
