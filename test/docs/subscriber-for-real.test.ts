import t from 'tap'
import { newId, openTestDoor } from '#test/kit/door.ts'
import { done, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { freePort } from '#test/kit/free-port.ts'
import { startSubscriber, takenIn, until } from './kit/subscriber.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
const FILTER = 'types=ReferralSent,ReferralWithdrawn'

/** The program itself on one side, the example on the other, as two that know of each other only what the docs say. */
t.test('the example, killed and started again beside the program, has taken everything once', async (t) => {
  const door = await openTestDoor(t, { engine: 'sqlite', listen: true })
  await done(door, 'admin', '/v1/integrations/ward-system/register', {
    organization: 'ORG-141097-W',
    name: '区の業務システム',
    scopes: ['events:read', 'subscriptions:manage'],
  })
  const issued = await done(door, 'admin', '/v1/integrations/ward-system/keys', { expiresOn: '2027-06-04' })
  const apiKey: string = issued.json().secret
  const asIntegration = (path: string, payload: object) =>
    door.inject({
      method: 'POST',
      url: path,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      payload,
    })
  let sent = 0
  const letters = async (count: number) => {
    for (let i = 0; i < count; i++, sent++) await sendReferral(door, await registerFamily(door))
  }
  const dir = t.testdir()
  const port = await freePort()
  const id = newId()
  const created = await asIntegration(`/v1/subscriptions/${id}/create`, {
    name: '区の業務システム',
    purpose: 'つなぎの受領状況を写す',
    endpoint: { url: `http://127.0.0.1:${port}/hook` },
    filter: { types: FILTER.slice('types='.length).split(',') },
    after: 'beginning',
  })
  t.equal(created.statusCode, 201, created.body)
  const { secret } = created.json()
  const start = (secrets = secret) =>
    startSubscriber(t, {
      dir,
      port,
      secret: secrets,
      feedUrl: `${door.origin}/v1/feeds/referrals?${FILTER}`,
      apiKey,
    })
  const sorted = () => [...takenIn(dir)].sort((a, b) => a - b)

  await letters(5)
  const first = await start()
  await until(() => sorted().length >= 5)
  await letters(5)
  await until(() => sorted().length >= 10)

  await first.kill()
  await letters(7)
  const second = await start()
  await until(() => sorted().length >= 17)

  const rotated = await asIntegration(`/v1/subscriptions/${id}/rotate-secret`, {})
  t.equal(rotated.statusCode, 200, rotated.body)
  await second.kill()
  await letters(4)
  const third = await start(`${secret} ${rotated.json().secret}`)
  await letters(4)
  await until(() => sorted().length >= sent)
  t.strictSame(sorted(), upTo(sent), 'each once')
  t.notMatch(third.complained.join('\n'), /is missing, in the feed|EVENTS ARE LOST/)
})
