import { Parser } from '@asyncapi/parser'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t from 'tap'
import { publishedTypes } from '#domain/referral/events.ts'
import { testEvent } from '#src/feed/published.ts'
import { openTestDoor } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral } from '#test/kit/door-story.ts'

const door = await openTestDoor(t)
const answer = await door.inject({ method: 'GET', url: '/asyncapi.json' })
const document = answer.json()

await t.test('it is told to everybody, and is valid AsyncAPI 3 without a complaint', async (t) => {
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^application\/json/)
  const said = await new Parser().validate(answer.body)
  t.strictSame(
    said
      .filter(({ severity }) => severity < 3)
      .map(({ code, path, message }) => [code, path.join('.'), message]),
    [],
  )
  const broken = await new Parser().validate(
    JSON.stringify({ ...document, channels: { pull: { adress: 1 } } }),
  )
  t.ok(
    broken.some(({ severity }) => severity === 0),
    'the parser does complain',
  )
})

await t.test('every published type is a message of every way in, and no other', async (t) => {
  for (const [channel, more] of [
    ['pull', []],
    ['stream', []],
    ['webhook', ['Test']],
  ] as const)
    t.strictSame(Object.keys(document.channels[channel].messages), [...publishedTypes, ...more])
  const { document: parsed } = await new Parser().parse(answer.body)
  t.equal(parsed?.version(), '3.1.0')
  t.equal(parsed?.operations().all().length, 3)
  for (const name of ['after', 'consumer', 'types'])
    t.ok(document.operations.stream.bindings.http.query.properties[name], name)
  t.match(document.operations.answerPull.bindings.http.query.properties.limit, { maximum: 500 })
})

await t.test('what is told fits the message of its type, and not that of another', async (t) => {
  const { id } = await sendReferral(door, await registerFamily(door))
  await done(door, 'mchCoordinator', `/v1/referrals/${id}/acknowledge`, {})
  await done(door, 'director', `/v1/referrals/${id}/escalate`, { to: 'kakaricho', reason: '未受領' })
  await done(door, 'partner', `/v1/referrals/${id}/withdraw`, { reason: '取下げ' })
  const { events } = (await door.get('integration', '/v1/feeds/referrals', await fresh(door))).json()
  t.equal(events.length, 4)
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'doc', components: document.components })
  const fits = (message: string, event: object) => {
    const { payload } = document.components.messages[message]
    const schema = JSON.parse(JSON.stringify(payload).replaceAll('"#/', '"doc#/'))
    return ajv.validate(schema, event) ? [] : ajv.errorsText()
  }
  for (const event of events) {
    const own = event.data.type
    t.strictSame(fits(own, event), [], own)
    t.not(fits(own === 'ReferralSent' ? 'ReferralClosed' : 'ReferralSent', event).length, 0)
    t.not(fits(own, { ...event, note: 'more' }).length, 0, 'nothing beside it')
    t.not(fits(own, { ...event, data: { ...event.data, name: '田中 花' } }).length, 0)
  }
  t.strictSame(fits('Test', testEvent('2024-06-03T01:00:00.000Z')), [])
})
