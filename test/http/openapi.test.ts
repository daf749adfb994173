import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import t from 'tap'
import { catalogue } from '#domain/events.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { doorsOf } from '#src/write/commands.ts'
import { newId, openTestDoor, type Who } from '#test/kit/door.ts'
import { fresh, letterTo, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { examplesOf, type JsonSchema } from '#test/kit/schema-examples.ts'

type Operation = {
  readonly operationId: string
  readonly 'x-emits'?: readonly string[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

const door = await openTestDoor(t)
const response = await door.inject({ method: 'GET', url: '/openapi.json' })
const document: Document = response.json()
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)
const doors = doorsOf(lifecycles)

await t.test('it is valid OpenAPI 3.1', async (t) => {
  t.equal(response.statusCode, 200)
  t.match(response.headers['content-type'], /^application\/json/)
  const validator = new Validator()
  const { valid, errors } = await validator.validate(structuredClone(document))
  t.ok(valid, JSON.stringify(errors))
  t.equal(validator.version, '3.1')
})

await t.test('every operation has an id of its own', async (t) => {
  const ids = operations.map(({ operation }) => operation.operationId)
  t.equal(new Set(ids).size, ids.length)
  for (const id of ids) t.match(id, /^[A-Z][A-Za-z]+$/)
})

/** Paths and methods of the app, from the tree that fastify prints. */
const routesOf = (tree: string): readonly string[] => {
  const above: string[] = []
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', rest = ''] = /^([│ ]*)[├└]── (.*)$/.exec(line) ?? []
    const [, part = rest, methods] = /^(.*?)(?: \(([A-Z, ]+)\))?$/.exec(rest) ?? []
    const depth = indent.length / 4
    above.length = depth
    above[depth] = part
    return methods ? methods.split(', ').map((method) => `${method} ${above.join('')}`) : []
  })
}

await t.test('it has every route of the app, and the app every one of its', async (t) => {
  const undescribed = /^\/(docs|openapi\.json|asyncapi\.json)/
  const served = routesOf(door.app.printRoutes({ commonPrefix: false }))
    .filter((route) => /^(GET|POST|PUT|PATCH|DELETE) /.test(route))
    .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'))
    .filter((route) => !undescribed.test(route.split(' ')[1] ?? ''))
  const described = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`)
  t.ok(served.length > 80, `${served.length} routes`)
  t.strictSame(
    served.filter((route) => !described.includes(route)),
    [],
    'served, but not described',
  )
  t.strictSame(
    described.filter((route) => !served.includes(route)),
    [],
    'described, but not served',
  )
})

await t.test(
  'path parameters are those of the path, header and query parameters have names once',
  async (t) => {
    for (const { path, operation } of operations) {
      const { parameters = [] } = operation
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      t.strictSame(
        parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
        names,
        path,
      )
      const all = parameters.map((parameter) => `${parameter.in} ${parameter.name}`)
      t.equal(new Set(all).size, all.length, path)
    }
  },
)

await t.test(
  'every command names its events, and every event that people can cause has a command',
  async (t) => {
    const named = new Set<string>()
    for (const { name, lifecycle, path } of doors) {
      const operation = document.paths[`/v1/${lifecycle.collection}/{id}/${path}`]?.post
      t.equal(operation?.operationId, name)
      const emits = operation?.['x-emits'] ?? []
      t.ok(emits.length > 0, name)
      t.strictSame(
        emits.filter((type) => !(type in lifecycle.events)),
        [],
        name,
      )
      for (const type of emits) named.add(type)
    }
    const bySystemOnly = [
      'FamilyMembershipNoted',
      'ConsultationLinked',
      'ConsultationUnlinked',
      'ReferralOverdueDetected',
      'ConsentExpired',
      'MembershipLapsed',
      // Written by reading.
      'RecordViewed',
      'ReadingRefused',
      'DisclosureOverdueDetected',
      'CorrectionOverdueDetected',
      'SuspensionOverdueDetected',
      'ErasureProposed',
      // By POST /v1/integrations/{id}/keys, which makes the secret.
      'ApiKeyIssued',
      // By the routes of a subscription that make secrets, read cursors and look at addresses.
      'SubscriptionCreated',
      'SigningKeysIssued',
      'EndpointChanged',
      'ReplayRequested',
      // By the routes of the feed, which read cursors.
      'FeedConsumerNamed',
      'FeedPlaceCommitted',
      'FeedConsumerForgotten',
      // By sending.
      'EndpointFailing',
      'SubscriptionDisabled',
      'DeliveriesRecorded',
    ]
    t.strictSame(
      Object.keys(catalogue).filter((type) => !named.has(type) && !bySystemOnly.includes(type)),
      [],
    )
  },
)

const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema({ $id: 'doc', components: document.components })
const resolved = (schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components'))

await t.test(
  'an example made from each command’s schema is accepted by it, and by the program',
  async (t) => {
    for (const { lifecycle, path, name, body } of doors) {
      const schema =
        document.paths[`/v1/${lifecycle.collection}/{id}/${path}`]?.post?.requestBody?.content[
          'application/json'
        ]?.schema
      if (!schema) {
        t.fail(`${name} has no body`)
        continue
      }
      const described = ajv.compile(schema)
      const accepted = examplesOf(schema).filter(
        (example) => described(example) && body.safeParse(example).success,
      )
      t.ok(accepted.length > 0, `${name}: ${JSON.stringify(examplesOf(schema)[0])}`)
    }
  },
)

await t.test('what the program refuses as unknown the document refuses, too', async (t) => {
  for (const { lifecycle, path, name } of doors) {
    const schema =
      document.paths[`/v1/${lifecycle.collection}/{id}/${path}`]?.post?.requestBody?.content[
        'application/json'
      ]?.schema
    const described = ajv.compile(schema ?? {})
    t.notOk(described({ ...(examplesOf(schema ?? {})[0] as object), surplus: 1 }), name)
  }
})

await t.test('answers are as described, and commands cause only what they name', async (t) => {
  const operationAt = (method: string, url: string) => {
    const [path = ''] = url.split('?')
    const found = operations.find(
      (each) =>
        each.method === method && new RegExp(`^${each.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
    )
    if (!found) throw new Error(`${method} ${url} is not described`)
    return found.operation
  }
  const holds = (method: string, url: string, answer: Awaited<ReturnType<typeof door.get>>) => {
    const { operationId, responses, 'x-emits': emits } = operationAt(method, url)
    const described = responses[String(answer.statusCode)]
    t.ok(described, `${operationId} says that it may answer ${answer.statusCode}`)
    const [type = ''] = String(answer.headers['content-type']).split(';')
    const schema = described?.content?.[type]?.schema
    t.ok(schema, `${operationId} ${answer.statusCode} is ${type}`)
    const validate = ajv.compile(resolved(schema ?? {}))
    t.ok(validate(answer.json()), `${operationId} ${answer.statusCode}: ${JSON.stringify(validate.errors)}`)
    const events: readonly { type: string }[] = emits && answer.statusCode < 300 ? answer.json().events : []
    t.strictSame(
      events.filter((event) => !emits?.includes(event.type)),
      [],
    )
  }
  const post = async (who: Who, url: string, body: object) =>
    holds('post', url, await door.post(who, url, body))
  const get = async (who: Who, url: string) => holds('get', url, await door.get(who, url, await fresh(door)))

  const family = await registerFamily(door)
  const visit = newId()
  await post('nakamura', `/v1/visits/${visit}/record`, { visitors: ['mother'], familyId: family.id })
  await post('nakamura', `/v1/visits/${visit}/record`, { visitors: ['mother'] })
  await post('nakamura', `/v1/visits/${visit}/correct`, { reason: 'typo', children: 2 })
  await post('nakamura', `/v1/visits/${newId()}/annul`, { reason: 'typo' })
  await post('nakamura', `/v1/visits/${newId()}/record`, { visitors: [] })
  await post('auditor', `/v1/visits/${newId()}/record`, { visitors: ['mother'] })
  await post('partner', `/v1/consultations/${newId()}/record-chat`, {
    trigger: 'outreach',
    service: 'hirobaTalk',
    familyId: family.id,
  })
  await post(
    'partner',
    `/v1/referrals/${newId()}/send`,
    letterTo(family, { destinationKind: 'wardChildFamily' }),
  )
  const { id: referral } = await sendReferral(door, family)
  await post('mchCoordinator', `/v1/referrals/${referral}/accept`, {
    assignee: 'ogawa',
    plannedContactOn: '2199-01-01',
  })
  await post('mchCoordinator', `/v1/referrals/${referral}/accept`, {
    assignee: 'ogawa',
    plannedContactOn: '2199-01-01',
  })

  await get('partner', `/v1/families/${family.id}`)
  await get('partner', `/v1/families/${newId()}`)
  await get('partner', `/v1/families/${family.id}/timeline?history=true`)
  await get('auditor', `/v1/families/${family.id}/timeline?limit=0`)
  await get('partner', '/v1/families?card=K-1')
  await get('partner', `/v1/referrals/${referral}`)
  await get('partner', '/v1/worklists/referrals-out')
  await get('integration', '/v1/feeds/referrals')
  await get('auditor', '/v1/audit/events')
  await get('partner', '/v1/audit/events')
  await get('partner', '/v1/organizations')
  await get('partner', '/v1/sites/SITE-141097-1')
})

await t.test('/docs shows it to people', async (t) => {
  const page = await door.inject({ method: 'GET', url: '/docs' })
  const html =
    page.statusCode === 302 ? await door.inject({ method: 'GET', url: String(page.headers.location) }) : page
  t.equal(html.statusCode, 200)
  t.match(html.headers['content-type'], /^text\/html/)
  t.match(html.body, /swagger-ui/)
  t.match(html.headers['content-security-policy'], /script-src/)
})
