import t from 'tap'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'

const door = await openTestDoor(t)
const CANARY = 'kanaria7f3a91'
const record = (body: string | Buffer, headers: Readonly<Record<string, string>> = {}) =>
  door.post('nakamura', `/v1/visits/${newId()}/record`, body, headers)

await t.test('other media types are refused', async (t) => {
  const types = [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/x-ndjson',
    'application/jsonx',
    '',
    'application',
    ';',
  ]
  for (const type of types)
    problem(t, await record('{"visitors":["mother"]}', { 'content-type': type }), 415, 'request/not-json')
  const withCharset = await record('{"visitors":["mother"]}', {
    'content-type': 'application/json; charset=utf-8',
  })
  t.equal(withCharset.statusCode, 201)
})

await t.test('a body over 64 KiB is too large, whatever it says', async (t) => {
  const large = JSON.stringify({ visitors: ['mother'], note: CANARY.repeat(6_000) })
  const response = await record(large)
  problem(t, response, 413, 'request/too-large')
  t.notMatch(response.body, CANARY)
})

const malformed: readonly (readonly [string, string | Buffer, string])[] = [
  ['cut off', `{"visitors":["${CANARY}`, 'malformed_json'],
  ['a comma too many', '{"children":1,}', 'malformed_json'],
  ['single quotes', `{'visitors':['${CANARY}']}`, 'malformed_json'],
  ['two values', '{"children":1}{"children":2}', 'malformed_json'],
  ['NaN', '{"children":NaN}', 'malformed_json'],
  ['a byte order mark', '\ufeff{"children":1}', 'malformed_json'],
  ['control characters in a string', '{"note":"a\nb"}', 'malformed_json'],
  ['only spaces', '   ', 'malformed_json'],
  ['a key twice', `{"children":1,"children":"${CANARY}"}`, 'duplicate_key'],
  ['a key twice, once escaped', '{"children":1,"c\\u0068ildren":2}', 'duplicate_key'],
  ['a key twice further in', '{"visitors":[{"kind":"mother","kind":"father"}]}', 'duplicate_key'],
  ['nesting without end', '['.repeat(5_000), 'too_deep'],
  ['deep nesting', `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, 'too_deep'],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 'invalid_utf8'],
  [
    'an overlong encoding',
    Buffer.concat([Buffer.from('{"note":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    'invalid_utf8',
  ],
  [
    'a surrogate as UTF-8',
    Buffer.concat([Buffer.from('{"note":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    'invalid_utf8',
  ],
  ['__proto__', `{"visitors":["mother"],"__proto__":{"children":"${CANARY}"}}`, 'forbidden_key'],
  ['__proto__ escaped', '{"visitors":["mother"],"__pr\\u006fto__":{"children":3}}', 'forbidden_key'],
]
for (const [what, body, code] of malformed)
  await t.test(`refused as malformed: ${what}`, async (t) => {
    const response = await record(body)
    const { errors } = problem(t, response, 400, 'request/malformed')
    t.match(errors, [{ pointer: '', code, message: String }])
    t.notMatch(response.body, CANARY)
  })

await t.test('JSON that is no object is refused', async (t) => {
  for (const body of ['null', '1', '"x"', '[]', 'true', `["${CANARY}"]`]) {
    const response = await record(body)
    problem(t, response, 400, 'request/invalid')
    t.notMatch(response.body, CANARY)
  }
})

await t.test('names out of a prototype are unknown fields and unknown codes', async (t) => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'prototype']) {
    const field = await record(JSON.stringify({ visitors: ['mother'], [name]: 1 }))
    t.match(problem(t, field, 400, 'request/invalid').errors, [
      { pointer: `/${name}`, code: 'unknown_field' },
    ])
    problem(t, await record(JSON.stringify({ visitors: [name] })), 400, 'request/invalid')
  }
})

await t.test('text that cannot be kept is refused: lone surrogates and control characters', async (t) => {
  for (const note of ['\\ud800', 'a\\udc00b', '\\u0000', '\\u001b[31m', '\\u007f'])
    problem(t, await record(`{"visitors":["mother"],"toldBy":"${note}"}`), 400, 'request/invalid')
  const emoji = await record('{"visitors":["mother"],"toldBy":"祖母 \\ud83d\\udc76 👵\\nと父"}')
  t.equal(emoji.statusCode, 201)
})

await t.test('numbers are whole and of a size that can be', async (t) => {
  for (const children of ['1e999', '-0.5', '1e21', '9007199254740993', '201', '"1"', 'true'])
    problem(t, await record(`{"children":${children}}`), 400, 'request/invalid')
})

await t.test('dates exist', async (t) => {
  for (const date of [
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '2024-00-10',
    '0000-01-01',
    '24-02-01',
    '2024-2-1',
    ' 2024-02-01',
    '',
  ])
    problem(t, await record(JSON.stringify({ visitors: ['mother'], date })), 400, 'request/invalid')
  t.equal(
    (await record(JSON.stringify({ visitors: ['mother'], date: '2024-02-29', occurredOn: '2024-02-29' })))
      .statusCode,
    201,
  )
})

await t.test('nothing ends before it starts, and nobody is born after a visit', async (t) => {
  const order = await record(JSON.stringify({ visitors: ['mother'], arrivedAt: '11:00', leftAt: '10:00' }))
  t.match(problem(t, order, 400, 'request/invalid').errors, [
    { pointer: '/leftAt', code: 'ends_before_start' },
  ])
  const child = { personId: newId(), birthDate: '2022-05-01' }
  const unborn = await record(
    JSON.stringify({ visitors: ['mother'], familyId: newId(), childAdded: child, occurredOn: '2022-03-10' }),
  )
  t.match(problem(t, unborn, 400, 'visit/child-born-later').errors, [{ pointer: '/childAdded/birthDate' }])
})

await t.test('at most a hundred errors are told', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`field${i}`, 1]))
  const { errors = [] } = problem(t, await record(JSON.stringify(many)), 400, 'request/invalid')
  t.equal(errors.length, 100)
})

await t.test('a query is checked like a body', async (t) => {
  const at = (query: string) => door.get('nakamura', `/v1/families/${newId()}/timeline?${query}`)
  for (const [query, pointer] of [
    ['limit=0', '/limit'],
    ['limit=501', '/limit'],
    ['limit=ten', '/limit'],
    ['order=sideways', '/order'],
    ['from=2024-02-30', '/from'],
    [`colour=${CANARY}`, '/colour'],
    ['function=magic', '/function'],
    ['asOf=yesterday', '/asOf'],
    ['limit=5&limit=6', '/limit'],
    ['history=maybe', '/history'],
  ] as const) {
    const response = await at(query)
    const { errors = [] } = problem(t, response, 400, 'request/invalid')
    t.ok(
      errors.some((error) => error.pointer === pointer),
      `${query}: ${JSON.stringify(errors)}`,
    )
    t.notMatch(response.body, CANARY)
  }
})

await t.test('a path that no URL may have is malformed, one that is only long is not found', async (t) => {
  problem(t, await door.get('nakamura', '/v1/families/%E0%A4%A'), 400, 'request/malformed')
  problem(t, await door.get('nakamura', `/v1/families/${'a'.repeat(300)}`), 404, 'request/not-found')
  problem(t, await door.get('nakamura', `/v1/families/${newId()}/`), 404, 'request/not-found')
})
