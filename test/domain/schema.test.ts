import t from 'tap'
import { z } from 'zod'
import { catalogue } from '#domain/events.ts'
import type { Catalogue } from '#domain/kernel/event.ts'
import {
  codeOf,
  date,
  elementOf,
  idOf,
  instant,
  japanInstant,
  marksOf,
  plainText,
  readableIdOf,
  sensitive,
  shapeOf,
  text,
} from '#domain/kernel/schema.ts'
import { lifecycles } from '#domain/lifecycles.ts'

type Schema = z.core.$ZodType
type Leaf = { readonly path: string; readonly name: string; readonly schema: Schema }

/** Every single value of a schema, through objects, lists, alternatives and wrappers. */
const leavesOf = (schema: Schema, path: string, name = path): readonly Leaf[] => {
  const shape = shapeOf(schema)
  if (shape)
    return Object.entries(shape).flatMap(([field, inner]) => leavesOf(inner, `${path}.${field}`, field))
  const element = elementOf(schema)
  if (element) return leavesOf(element, `${path}[]`, name)
  const { options, in: input } = (schema as z.ZodType)._zod.def as {
    options?: readonly Schema[]
    in?: Schema
  }
  if (options) return options.flatMap((option) => leavesOf(option, path, name))
  return input ? leavesOf(input, path, name) : [{ path, name, schema }]
}

const schemas: readonly (readonly [string, Schema])[] = [
  ...Object.entries(catalogue as Catalogue).map(([type, { schema }]) => [type, schema] as const),
  ...lifecycles.flatMap(({ commands }) =>
    Object.entries(commands).map(([name, { schema }]) => [name, schema] as const),
  ),
]
const leaves = schemas.flatMap(([name, schema]) => leavesOf(schema, name))
const accepts = (schema: Schema, value: unknown): boolean => z.safeParse(schema, value).success

/** Takes whatever a person types, so a name may be in it. */
const isFree = ({ schema }: Leaf): boolean => {
  const { codes, refersTo } = marksOf(schema)
  return !codes && !refersTo && (accepts(schema, '田中 美咲') || accepts(schema, '美'))
}

/** Free fields that say nothing of a family: institutions and what they offer, staff, desks, numbers of cards and plans. */
const NOT_PERSONAL: Readonly<Record<string, RegExp>> = {
  name: /^(FeedConsumerNamed|CommitFeedPlace|SubscriptionCreated|CreateSubscription|IntegrationRegistered|RegisterIntegration|OrganizationRegistered|RegisterOrganization|Partner\w+|(Register|Update)Partner|SiteOpened|OpenSite)\./,
  contact: /^(Partner\w+|(Register|Update)Partner)\./,
  offers: /Partner/,
  modules: /Training/,
  preferredLanguage: /Family/,
  owner: /Consultation|Chat/,
  assignee: /Accept/,
  toDesk: /Redirect/,
  to: /Escalate/,
  planGoal: /Care/,
  secondPerson: /BreakGlass/,
  hold: /LegalHold/,
  key: /ApiKey|SigningKeys|CreateSubscription/,
  publicKey: /SigningKeys|CreateSubscription/,
  url: /Subscription|Endpoint/,
  subscriber: /Subscription|FeedConsumer|CommitFeedPlace/,
  feed: /Subscription|FeedConsumer|CommitFeedPlace/,
  purpose: /^(SubscriptionCreated|CreateSubscription|GrantRenewed|RenewGrant)\./,
  reason: /DeliveriesRecorded/,
  digest: /ApiKey/,
  reference: /LegalHold|Erase|Erased/,
  decidedByClass: /ErasureProposed|ProposeErasure/,
  auditor: /CaseApproval/,
  route: /RecordViewed|ReadingRefused/,
  rule: /ReadingRefused/,
  classes: /RecordViewed/,
  rules: /RecordViewed/,
}
const isListed = ({ name, path }: Leaf): boolean => NOT_PERSONAL[name]?.test(path) === true

t.test('what people type freely is personal unless listed here', async (t) => {
  const free = leaves.filter(isFree)
  t.ok(free.length > 100, 'the walk finds them')
  const bare = free.filter((leaf) => !marksOf(leaf.schema).sensitive && !isListed(leaf))
  t.strictSame(
    bare.map(({ path }) => path),
    [],
  )
})

const PERSONAL = ['name', 'kana', 'phone', 'email', 'address', 'birthDate', 'displayName']

t.test('names, ways to reach somebody and birth dates are personal', async (t) => {
  const personal = leaves.filter((leaf) => PERSONAL.includes(leaf.name) && !isListed(leaf))
  t.ok(personal.length > 30, 'the walk finds them')
  t.strictSame(
    personal.filter(({ schema }) => !marksOf(schema).sensitive).map(({ path }) => path),
    [],
  )
})

t.test('a mark belongs to one field and survives every wrapper', async (t) => {
  const shared = date()
  const marked = sensitive(shared)
  t.strictSame(marksOf(shared), {})
  for (const wrapped of [
    marked,
    marked.optional(),
    marked.nullable(),
    marked.default('2022-02-17'),
    marked.optional().readonly(),
  ])
    t.strictSame(marksOf(wrapped), { sensitive: { subject: 'family' } })
  t.strictSame(marksOf(elementOf(z.array(text()).optional()) ?? z.null()), {
    sensitive: { subject: 'family' },
  })
  t.strictSame(Object.keys(shapeOf(z.object({ a: text() }).optional()) ?? {}), ['a'])
  t.strictSame(marksOf(idOf('family').optional()), { refersTo: 'family' })
})

t.test('text is trimmed, not empty, and not longer than it may be', async (t) => {
  for (const free of [text(5), plainText(5)]) {
    t.equal(free.parse('  美咲 '), '美咲')
    for (const wrong of ['', '   ', '123456', 5, null]) t.notOk(accepts(free, wrong), JSON.stringify(wrong))
  }
})

t.test('text holds what can be written: no lone surrogates, no control characters', async (t) => {
  const fine = ['一行目\n二行目', 'タブ\tタブ', '😢', '𠮷野', '👨‍👩‍👧', 'a\r\nb']
  const wrong = ['a\ud800', '\udc00a', 'a\ude22\ud83d', 'a\u0000b', 'a\u001bb', 'a\u007fb', 'a\u0008b']
  for (const free of [text(), plainText()]) {
    for (const value of fine) t.equal(free.parse(value), value)
    for (const value of wrong) t.notOk(accepts(free, value), JSON.stringify(value))
  }
})

const list = { name: 'purpose', labels: { consult: { ja: '相談' }, attendProgram: { ja: '講座' } } }

t.test('codes are of their list, or a hub’s own under one of them', async (t) => {
  const code = codeOf(list)
  for (const fine of ['consult', 'attendProgram/twinsDay', 'consult/2']) t.equal(code.parse(fine), fine)
  const strangers = [
    'talk',
    'Consult',
    'talk/consult',
    '',
    'constructor',
    'toString',
    '__proto__',
    'hasOwnProperty/a',
  ]
  const malformed = [
    'consult/',
    '/twinsDay',
    'consult/a/b',
    'consult/a b',
    'consult/双子',
    `consult/${'a'.repeat(41)}`,
  ]
  for (const wrong of [...strangers, ...malformed]) t.notOk(accepts(code, wrong), wrong)
  t.strictSame(marksOf(code.optional()), { codes: list })
})

t.test(
  'instants have an offset and may leave out the seconds; in Japan the offset goes without saying',
  async (t) => {
    for (const fine of ['2022-03-10T09:30+09:00', '2022-03-10T00:30Z', '2022-03-10T09:30:00.5+09:00'])
      t.ok(accepts(instant(), fine), fine)
    const notDates = ['2022-03-10', '2022-02-30T09:30:00Z', '2022-03-10T24:00:00Z']
    for (const wrong of [
      ...notDates,
      '2022-03-10T09:30',
      '2022-03-10T09:30+0900',
      'x2022-03-10T00:30Z',
      '2022-03-10T00:30Zx',
    ])
      t.notOk(accepts(instant(), wrong), wrong)
    t.equal(japanInstant().parse('2022-03-10T09:30'), '2022-03-10T00:30:00.000Z')
    t.equal(japanInstant().parse('2022-03-10T09:30:15'), '2022-03-10T00:30:15.000Z')
    t.equal(japanInstant().parse('2022-03-10T09:30-05:00'), '2022-03-10T14:30:00.000Z')
  },
)

t.test('dates are days that exist, within two lifetimes', async (t) => {
  for (const fine of ['1900-01-01', '2024-02-29', '2200-12-31']) t.ok(accepts(date(), fine), fine)
  for (const wrong of [
    '1899-12-31',
    '2201-01-01',
    '2022-02-29',
    '2022-2-1',
    '20220217',
    '2022-02-17T00:00:00Z',
  ])
    t.notOk(accepts(date(), wrong), wrong)
})

t.test('ids are GUIDs in small letters; readable ones are short and plain', async (t) => {
  t.equal(
    idOf('family').parse('0190A1B2-FA00-7000-8000-000000000001'),
    '0190a1b2-fa00-7000-8000-000000000001',
  )
  for (const wrong of ['0190a1b2', '', 'FAM-A']) t.notOk(accepts(idOf('family'), wrong))
  for (const fine of ['ORG-141097-W', 'SITE-141097-1', 'saito']) t.ok(accepts(readableIdOf('site'), fine))
  for (const wrong of ['-a', 'a', 'a b', '拠点', '../etc', `a${'b'.repeat(64)}`])
    t.notOk(accepts(readableIdOf('site'), wrong), wrong)
})

t.test('commands take nothing that they do not know', async (t) => {
  for (const { commands } of lifecycles)
    for (const [name, { schema }] of Object.entries(commands)) {
      const issues = schema.safeParse({ surprise: 1 }).error?.issues ?? []
      t.ok(
        issues.some(({ code }) => code === 'unrecognized_keys'),
        name,
      )
    }
})
