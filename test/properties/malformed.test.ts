import { randomInt } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { lifecycles } from '#domain/lifecycles.ts'
import { doorsOf } from '#src/write/commands.ts'
import { newId, openTestDoor, type Who } from '#test/kit/door.ts'
import { openConsultation, recordVisit, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { exampleOf, examplesOf, type JsonSchema } from '#test/kit/schema-examples.ts'

const RUNS = Number(process.env.RUNS ?? 10_000)
const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
const CANARY = 'kanaria9c1f77'

const door = await openTestDoor(t, { logLevel: 'warn' })
const family = await registerFamily(door)
const known: Readonly<Record<string, string>> = {
  families: family.id,
  visits: await recordVisit(door, family),
  consultations: await openConsultation(door, family),
  referrals: (await sendReferral(door, family)).id,
  organizations: 'ORG-141097-H',
  sites: 'SITE-141097-1',
  staff: 'saito',
}
await door.settled()

type Operation = {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
}
const document: { readonly paths: Record<string, Record<string, Operation>> } = (
  await door.inject({ method: 'GET', url: '/openapi.json' })
).json()
const commands = doorsOf(lifecycles).map(({ lifecycle, path, body, spec }) => {
  const url = `/v1/${lifecycle.collection}/{id}/${path}`
  const schema = document.paths[url]?.post?.requestBody?.content['application/json']?.schema ?? {}
  const example = examplesOf(schema).find((one) => body.safeParse(one).success) ?? {}
  return { url, collection: lifecycle.collection, schema, example: example as object, body, roles: spec.by }
})
type Command = (typeof commands)[number]
const reads = Object.entries(document.paths).flatMap(([url, methods]) =>
  methods.get && url.startsWith('/v1') ? [url] : [],
)

const idFor = (url: string): fc.Arbitrary<string> => {
  const collection = url.split('/')[2] ?? ''
  return fc.oneof(fc.constant(known[collection] ?? newId()), fc.constant(newId()))
}
const at = (url: string) => idFor(url).map((id) => url.replace('{id}', id).replace('{name}', 'referrals-in'))

/** What nobody may send anywhere: of another type, size or shape than any field has. */
const nonsense: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, '', ' ', CANARY, [CANARY], {
    [`x${1}`]: CANARY,
  }),
  fc.constantFrom<unknown>(
    [[[]]],
    [null],
    {},
    { kind: CANARY },
    [{ kind: CANARY, number: 1 }],
    `${CANARY}\u0000`,
    '\ud800',
    `\udfff${CANARY}`,
  ),
  fc.constantFrom<unknown>(
    '2024-02-30',
    '2023-02-29T10:00:00Z',
    '0000-00-00',
    '9999-12-31',
    '-000001-01-01T00:00:00Z',
    '24:61',
    '0000-01-01T00:00:00',
  ),
  fc.constantFrom<unknown>(
    `${CANARY}/`.repeat(200),
    'A'.repeat(10_000),
    Array.from({ length: 600 }, () => CANARY),
    '__proto__',
    'constructor',
  ),
  fc.double({ noNaN: true }).map((number) => (Number.isFinite(number) ? number : 0)),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `${CANARY}${text}`),
  fc.jsonValue({ maxDepth: 4 }),
)

/** A body that the command's schema does not accept. */
const brokenBody = ({ schema, example, body }: Command): fc.Arbitrary<unknown> => {
  const names = Object.keys(schema.properties ?? {})
  const full = exampleOf(schema) as object
  const broken = fc.oneof(
    fc
      .tuple(fc.constantFrom(...names, 'occurredAt'), nonsense)
      .map(([name, value]) => ({ ...example, [name]: value })),
    fc
      .tuple(fc.constantFrom(...names, 'occurredOn'), nonsense)
      .map(([name, value]) => ({ ...full, [name]: value })),
    fc
      .constantFrom(...names)
      .map((name) => Object.fromEntries(Object.entries(example).filter(([other]) => other !== name))),
    fc
      .tuple(fc.constantFrom('surplus', 'constructor', 'toString', 'data', 'id', '$ref'), nonsense)
      .map(([name, value]) => ({ ...example, [name]: value })),
    fc
      .array(fc.tuple(fc.constantFrom(...names), nonsense), { minLength: 2, maxLength: 8 })
      .map((pairs) => ({ ...example, ...Object.fromEntries(pairs) })),
    nonsense,
  )
  // As it arrives: what JSON makes of it may fit after all.
  return broken
    .map((candidate) => JSON.parse(whole(candidate)) as unknown)
    .filter((candidate) => !body.safeParse(candidate).success)
}

const whole = (value: unknown) => JSON.stringify(value)

/** Bytes that are no JSON we accept, made from some that are. */
const brokenBytes = (example: object): fc.Arbitrary<Buffer> => {
  const text = whole({ ...example, note: CANARY })
  const twice = { occurredOn: '2022-03-10', ...example }
  const [first = 'occurredOn'] = Object.keys(twice).reverse()
  return fc.oneof(
    fc.nat({ max: Math.max(0, text.length - 2) }).map((cut) => Buffer.from(text.slice(0, cut + 1))),
    // A parser that takes the last of two would accept it.
    fc.constant(Buffer.from(`{${whole(first)}:"${CANARY}",${whole(twice).slice(1)}`)),
    fc.constant(Buffer.from(`{"a":"${CANARY}",${text.slice(1, -1)},"a":1}`)),
    fc.integer({ min: 33, max: 3_000 }).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))),
    fc
      .integer({ min: 33, max: 3_000 })
      .map((depth) => Buffer.from(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)),
    fc
      .constantFrom(0xff, 0xc0, 0xed, 0x80)
      .map((byte) => Buffer.concat([Buffer.from(`{"a":"${CANARY}`), Buffer.from([byte]), Buffer.from('"}')])),
    fc
      .uint8Array({ minLength: 1, maxLength: 60 })
      .map((bytes) => Buffer.concat([Buffer.from('\u0001'), bytes])),
    fc.constant(Buffer.from(`{"__proto__":{"visitors":["${CANARY}"]},${text.slice(1)}`)),
    fc
      .integer({ min: 66_000, max: 90_000 })
      .map((size) => Buffer.from(`{"a":"${CANARY.padEnd(size, 'x')}"}`)),
  )
}

type Malformed = { readonly what: string; readonly request: InjectOptions; readonly about: 'body' | 'other' }

const as = (who: Who) => ({ authorization: `Bearer ${door.token(who)}` })
const json = { 'content-type': 'application/json' }
const sender = ({ roles }: Command): Who =>
  roles.includes('hubPartner') ? 'partner' : roles.includes('hubDirector') ? 'director' : 'admin'
const anyCommand = fc.constantFrom(...commands)
const post = (
  command: Command,
  url: string,
  payload: string | Buffer,
  headers: object = {},
): InjectOptions => ({
  method: 'POST',
  url,
  payload,
  headers: { ...as(sender(command)), ...json, ...headers },
})

const oddHeader: fc.Arbitrary<Record<string, string>> = fc.oneof(
  fc
    .constantFrom('', ' ', `${CANARY} x`, 'k'.repeat(300), '\u00e9\u00ff')
    .map((key) => ({ 'idempotency-key': key })),
  fc
    .constantFrom('', '1', 'W/"1"', `"${CANARY}"`, '"1","2"', '"-1"', '"99999999999"', '"1" ')
    .map((tag) => ({ 'if-match': `${tag}x` })),
  fc
    .constantFrom(`Bearer ${CANARY}`, 'Basic eDp5', 'Bearer', `${CANARY}`, `Bearer ${'a.'.repeat(5_000)}`)
    .map((authorization) => ({ authorization })),
)
const wrongType = fc.constantFrom(
  'text/plain',
  `application/${CANARY}`,
  'application/xml',
  'multipart/form-data',
  '',
  'x',
  'application/x-ndjson',
  `text/html; a=${CANARY}`,
)
const oddId = fc.oneof(
  fc.constantFrom(
    '%00',
    '%2e%2e',
    '..%2f..',
    'a'.repeat(199),
    'a'.repeat(1_000),
    '%F0%9F%91%B6',
    `${CANARY}.${CANARY}`,
    '-',
    '%20',
    "'%20OR%201=1--",
    '%C0%AF',
    '%E0%A4%A',
    '$%7Bx%7D',
  ),
  fc
    .string({ minLength: 1, maxLength: 30 })
    .map((text) => `${encodeURIComponent(text.replaceAll(/[\ud800-\udfff]/g, ''))}%21`),
)
const oddQuery = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        'limit',
        'cursor',
        'asOf',
        'from',
        'order',
        'after',
        'wait',
        'history',
        'family',
        'birthDate',
      ),
      fc.constantFrom(
        CANARY,
        '-1',
        '1e9',
        '%00',
        '2024-02-30',
        'NaN',
        '',
        '9'.repeat(40),
        '%F0%9F',
        `${CANARY}'--`,
        '{}',
        '[object%20Object]',
      ),
    )
    .map(([name, value]) => `${name}=${value}`),
  fc
    .tuple(fc.constantFrom('surplus', '__proto__', 'constructor', 'limit[]', 'a.b'), fc.constant(CANARY))
    .map(([name, value]) => `${name}=${value}`),
  fc.constantFrom(`limit=1&limit=${CANARY}`, '&&&=', `=${CANARY}`, '%', '?', `${'a=1&'.repeat(2_000)}`),
)

/** Well-formed JSON of what cannot have been. */
const impossible: readonly (readonly [string, object])[] = [
  ['/v1/visits/{id}/record', { visitors: ['mother'], occurredOn: '2024-02-30' }],
  ['/v1/visits/{id}/record', { visitors: ['mother'], date: '2024-02-30' }],
  ['/v1/visits/{id}/record', { visitors: ['mother'], arrivedAt: '12:00', leftAt: '09:00' }],
  [
    '/v1/visits/{id}/record',
    {
      visitors: ['mother'],
      occurredOn: '2022-01-01',
      familyId: family.id,
      childAdded: { personId: newId(), birthDate: '2023-01-01' },
    },
  ],
  ['/v1/visits/{id}/record', { visitors: [], children: 0 }],
  ['/v1/visits/{id}/record', { visitors: ['mother'], occurredOn: '2099-01-01' }],
  ['/v1/visits/{id}/record', { visitors: ['mother'], site: 'SITE-999999-9' }],
  ['/v1/families/{id}/add-child', { birthDate: '2150-01-01' }],
  ['/v1/families/{id}/move', { from: '141097', to: '141097' }],
  ['/v1/families/{id}/move', { to: CANARY }],
  [
    '/v1/consents/{id}/give',
    {
      familyId: family.id,
      recipients: ['ORG-141097-W'],
      dataClasses: ['visit'],
      people: [family.child],
      method: 'written',
      from: '2022-05-01',
      until: '2022-04-01',
    },
  ],
  [
    '/v1/care-requests/{id}/request',
    {
      familyId: family.id,
      activityType: 'care',
      place: 'hiroba',
      wantedFrom: '2022-05-01T10:00',
      wantedTo: '2022-05-01T09:00',
    },
  ],
  [
    '/v1/care-requests/{id}/request',
    { familyId: family.id, activityType: 'care', place: 'hiroba', wantedFrom: '0000-01-01T00:00:00' },
  ],
]

const malformed: fc.Arbitrary<Malformed> = fc.oneof(
  {
    weight: 50,
    arbitrary: anyCommand.chain((command) =>
      fc.tuple(at(command.url), brokenBody(command)).map(
        ([url, body]): Malformed => ({
          what: 'broken body',
          about: 'body',
          request: post(command, url, whole(body)),
        }),
      ),
    ),
  },
  {
    weight: 15,
    arbitrary: anyCommand.chain((command) =>
      fc.tuple(at(command.url), brokenBytes(command.example)).map(
        ([url, bytes]): Malformed => ({
          what: 'broken bytes',
          about: 'body',
          request: post(command, url, bytes),
        }),
      ),
    ),
  },
  {
    weight: 5,
    arbitrary: anyCommand.chain((command) =>
      fc.tuple(at(command.url), wrongType).map(
        ([url, type]): Malformed => ({
          what: 'media type',
          about: 'other',
          request: post(command, url, whole({ ...command.example, note: CANARY }), {
            'content-type': type,
          }),
        }),
      ),
    ),
  },
  {
    weight: 5,
    arbitrary: anyCommand.chain((command) =>
      fc.tuple(at(command.url), oddHeader).map(
        ([url, header]): Malformed => ({
          what: 'header',
          about: 'other',
          request: post(command, url, whole(command.example), header),
        }),
      ),
    ),
  },
  {
    weight: 5,
    arbitrary: anyCommand.chain((command) =>
      oddId.map(
        (id): Malformed => ({
          what: 'id',
          about: 'other',
          request: post(command, command.url.replace('{id}', id), whole(command.example)),
        }),
      ),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(...impossible), fc.constant(newId())).map(
      ([[url, body], id]): Malformed => ({
        what: 'impossible',
        about: 'other',
        request: {
          method: 'POST',
          url: url.replace('{id}', url.includes('families') ? family.id : id),
          payload: whole(body),
          headers: { ...as('partner'), ...json },
        },
      }),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom(...reads).chain((url) =>
      fc.tuple(at(url), oddQuery, fc.constantFrom<Who>('partner', 'auditor', 'integration')).map(
        ([path, query, who]): Malformed => ({
          what: 'query',
          about: 'other',
          request: { method: 'GET', url: `${path}?${query}`, headers: as(who) },
        }),
      ),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(...reads).chain((url) =>
      fc.tuple(oddId, fc.constantFrom<Who>('partner', 'auditor')).map(
        ([id, who]): Malformed => ({
          what: 'read id',
          about: 'other',
          request: {
            method: 'GET',
            url: url.replace('{id}', id).replace('{name}', id),
            headers: as(who),
          },
        }),
      ),
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom('PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'SEARCH', 'HEAD'),
        anyCommand,
        fc.constantFrom(CANARY, '{}'),
      )
      .chain(([method, command, payload]) =>
        at(command.url).map(
          (url): Malformed => ({
            what: 'method',
            about: 'other',
            request: { method: method as 'PUT', url, payload, headers: { ...as('partner'), ...json } },
          }),
        ),
      ),
  },
)

/** A stream has no end: its beginning is the answer. */
const answerTo = async (request: InjectOptions) => {
  if (!String(request.url).includes('/stream')) return door.inject(request)
  const answer = await door.inject({ ...request, payloadAsStream: true })
  const stream = answer.stream()
  const [first = ''] = await Promise.race([stream.take(1).toArray(), pause(1_000, [''], { ref: false })])
  stream.destroy()
  const body = String(first)
  return { statusCode: answer.statusCode, headers: answer.headers, body, json: () => JSON.parse(body) }
}

/** A query may turn out to be in order, and its sender to have no business there: that, and only that, is written down. */
const storedSince = async (head: bigint): Promise<readonly string[]> =>
  (await door.system.store.after(head, 1_000))
    .map(({ type }) => type)
    .filter((type) => type !== 'ReadingRefused')

const inTime = async <T>(work: Promise<T>): Promise<T> => {
  const late = pause(5_000, 'late' as const, { ref: false })
  const first = await Promise.race([work, late])
  if (first === 'late') throw new Error('no answer within five seconds')
  return first as T
}

await t.test(
  `${RUNS} malformed requests: refused in form, nothing echoed, nothing kept`,
  { timeout: 120_000 },
  async (t) => {
    t.comment(`SEED=${seed}`)
    const head = await door.system.store.head()
    const statuses = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(malformed, async ({ what, request, about }) => {
        const response = await inTime(answerTo(request))
        const { statusCode: status, body } = response
        statuses.set(`${what} ${status}`, (statuses.get(`${what} ${status}`) ?? 0) + 1)
        const fail = (why: string): never => {
          throw new Error(`${why}: ${request.method} ${request.url} → ${status} ${body.slice(0, 400)}`)
        }
        if (status >= 500) fail('a failure of ours')
        if (request.method !== 'GET' && request.method !== 'HEAD' && status < 400) fail('taken')
        if (body.includes(CANARY) || JSON.stringify(response.headers).includes(CANARY)) fail('echoed')
        if (status < 400 || request.method === 'HEAD') return
        if (!String(response.headers['content-type']).startsWith('application/problem+json'))
          fail('no problem')
        const problem = response.json()
        if (
          problem.status !== status ||
          typeof problem.code !== 'string' ||
          typeof problem.title !== 'string'
        )
          fail('not the form')
        const pointed =
          Array.isArray(problem.errors) &&
          problem.errors.length > 0 &&
          problem.errors.every(({ pointer }: { pointer: unknown }) => typeof pointer === 'string')
        if (about === 'body' && status === 400 && !pointed) fail('no pointer')
        if (about === 'body' && ![400, 403, 404, 413].includes(status))
          fail('another answer than about the body')
      }),
      { numRuns: RUNS, seed },
    )
    t.strictSame(await storedSince(head), [], 'nothing was stored')
    t.strictSame(
      door.logged.filter((line) => line.includes(CANARY)),
      [],
      'nothing was logged',
    )
    t.strictSame(
      door.logged.filter((line) => line.includes('request failed')),
      [],
    )
    t.comment(Object.fromEntries([...statuses].sort(([a], [b]) => a.localeCompare(b))))
  },
)

/** Bytes on a bare socket; answers what came back until the other side was done. */
const knock = (port: number, bytes: Buffer | string, hold = false): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const received: Buffer[] = []
    const timer = setTimeout(() => {
      socket.destroy()
      reject(
        new Error(`still open after four seconds: ${JSON.stringify(bytes.toString('latin1').slice(0, 120))}`),
      )
    }, 4_000)
    const finish = () => {
      clearTimeout(timer)
      resolve(Buffer.concat(received).toString('latin1'))
    }
    socket.on('data', (chunk) => received.push(chunk))
    socket.on('error', finish)
    socket.on('close', finish)
    socket.on('end', () => socket.end())
    socket.write(bytes)
    if (!hold) socket.end()
  })

await t.test(
  'hundreds of abuses on a bare socket: the server answers in form or hangs up, and lives',
  { timeout: 120_000 },
  async (t) => {
    const live = await openTestDoor(t, { listen: true, logLevel: 'warn' })
    const port = Number(new URL(live.origin).port)
    const head = await live.system.store.head()
    const token = live.token('nakamura')
    const path = `/v1/visits/${newId()}/record`
    const body = JSON.stringify({ visitors: ['mother'], note: CANARY })
    const start = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
    const abuses: (string | Buffer)[] = [
      '',
      '\r\n\r\n',
      'GET\r\n\r\n',
      'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET //evil.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'GET http://evil.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      `CONNECT ${CANARY}:443 HTTP/1.1\r\nHost: x\r\n\r\n`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      `${CANARY.repeat(5_000)}`,
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${CANARY.repeat(3_000)}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\n${`A: ${CANARY}\r\n`.repeat(3_000)}\r\n`,
      `GET /${CANARY.repeat(2_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      'GET / HTTP/1.1\r\nHost: x\r\n: no name\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: x\r\nA\u0000B: c\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n',
      'GET / HTTP/1.1\nHost: x\n\n',
      `GET /%zz${CANARY} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
      `${start}Content-Length: -5\r\n\r\n${body}`,
      `${start}Content-Length: 5, 6\r\n\r\n${body}`,
      `${start}Content-Length: 99999999999999999999\r\n\r\n${body}`,
      `${start}Content-Length: 100000000\r\n\r\n${body}`,
      `${start}Content-Length: ${body.length + 50}\r\n\r\n${body}`,
      `${start}Content-Length: 3\r\n\r\n${body}`,
      `${start}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${body}`,
      `${start}Transfer-Encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`,
      `${start}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":`,
      `${start}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n`,
      `${start}Transfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n1\r\n{\r\n0\r\n\r\n`,
      `${start}Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `${start}Expect: ${CANARY}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
      `${start}Upgrade: websocket\r\nConnection: Upgrade, close\r\nContent-Length: 2\r\n\r\n{}`,
      `${start}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}${body}`,
      `${start}Authorization: Bearer twice\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
      `${start}Idempotency-Key: a\r\nIdempotency-Key: b c\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
    ]
    const request = Buffer.from(`${start}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    for (let cut = 1; cut < request.length; cut += 9) abuses.push(request.subarray(0, cut))
    const random = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 400 }), { seed, numRuns: 120 })
    abuses.push(...random.map((bytes) => Buffer.from(bytes)))
    for (const [i, bytes] of random.slice(0, 80).entries()) {
      const flipped = Buffer.from(request)
      for (const [j, byte] of bytes.subarray(0, 3).entries())
        flipped[(byte * (i + 7) + j * 31) % (request.length - body.length)] = byte
      abuses.push(flipped)
    }

    t.comment(`SEED=${seed}, ${abuses.length} connections`)
    for (let i = 0; i < abuses.length; i += 20) {
      const answers = await Promise.all(abuses.slice(i, i + 20).map((bytes) => knock(port, bytes)))
      for (const [j, answer] of answers.entries()) {
        const sent = JSON.stringify(abuses[i + j]?.toString('latin1').slice(0, 200))
        if (answer.includes(CANARY)) t.fail(`echoed after ${sent}`)
        if (/^HTTP\/1\.[01] 5/.test(answer)) t.fail(`${answer.slice(0, 200)} after ${sent}`)
        if (answer !== '' && !answer.startsWith('HTTP/1.1 '))
          t.fail(`no HTTP after ${sent}: ${answer.slice(0, 100)}`)
      }
    }
    t.equal((await fetch(`${live.origin}/livez`)).status, 200, 'it lives')
    t.equal(await live.system.store.head(), head, 'and kept nothing')
    t.strictSame(
      live.logged.filter((line) => line.includes('request failed')),
      [],
      'no failure of its own',
    )
    t.strictSame(
      live.logged.filter((line) => line.includes(CANARY)),
      [],
    )
  },
)
