import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startOfDay } from '#domain/kernel/time.ts'
import { makeApiKey, readApiKey, writeApiKey } from '#infra/auth/api-key.ts'
import { openTestDoor, problem } from '#test/kit/door.ts'
import { done, registerFamily, sendReferral } from '#test/kit/door-story.ts'

let now = '2024-06-04T01:00:00.000Z'
const door = await openTestDoor(t, { engine: 'sqlite', now: () => now })
const FEED = '/v1/feeds/referrals?limit=500'
const withKey = (key: string, url = FEED) =>
  door.inject({ method: 'GET', url, headers: { authorization: `Bearer ${key}` } })
const issue = (id: string, expiresOn = '2025-06-04') =>
  door.post('admin', `/v1/integrations/${id}/keys`, { expiresOn })
const registered = async (id: string) => {
  await done(door, 'admin', `/v1/integrations/${id}/register`, {
    organization: 'ORG-141097-W',
    name: '区の業務システム',
    scopes: ['events:read'],
  })
  return id
}
const keyOf = async (id: string): Promise<{ key: string; secret: string }> => {
  const answer = await issue(id)
  t.equal(answer.statusCode, 201, answer.body)
  return answer.json()
}

await t.test('a key opens the feed of its organisation, and nothing that is for people', async (t) => {
  const family = await registerFamily(door)
  await sendReferral(door, family)
  await door.settled()
  const { secret } = await keyOf(await registered('ward-system'))
  const feed = await withKey(secret)
  t.equal(feed.statusCode, 200, feed.body)
  t.ok(feed.json().events.length > 0)
  problem(t, await withKey(secret, `/v1/families/${family.id}`), 404, 'request/not-found')
  problem(t, await withKey(secret, '/v1/worklists/referrals-in'), 403, 'access/role-not-allowed')
  problem(t, await withKey(secret, '/v1/audit/events'), 403, 'access/role-not-allowed')
})

await t.test('a wrong, mistyped, revoked or expired key opens nothing', async (t) => {
  const id = await registered('hub-system-1')
  const { key, secret } = await keyOf(id)
  t.equal((await withKey(secret)).statusCode, 200)
  const given = readApiKey(secret)
  if (!given) throw new Error('not a key')
  const other = makeApiKey(id)
  for (const wrong of [
    `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`,
    secret.replace(/.(?=\.[0-9a-f]{8}$)/, '!'),
    writeApiKey({ ...given, secret: other.secret }),
    writeApiKey({ ...given, key: other.key }),
    writeApiKey({ ...given, integration: 'nobody-here' }),
    'tsu_',
  ])
    problem(t, await withKey(wrong), 401, 'access/bad-token')
  await done(door, 'admin', `/v1/integrations/${id}/revoke-api-key`, { key, reason: 'leaked' })
  problem(t, await withKey(secret), 401, 'access/bad-token')

  const { secret: next } = await keyOf(id)
  now = startOfDay('2025-06-05')
  problem(t, await withKey(next), 401, 'access/bad-token')
  now = '2024-06-04T01:00:00.000Z'
  t.equal((await withKey(next)).statusCode, 200)
})

await t.test('two are alive while one takes the place of the other; a third is refused', async (t) => {
  const id = await registered('hub-system-2')
  const [first, second] = [await keyOf(id), await keyOf(id)]
  for (const { secret } of [first, second]) t.equal((await withKey(secret)).statusCode, 200)
  problem(t, await issue(id), 409, 'integration/two-keys')
  await done(door, 'admin', `/v1/integrations/${id}/revoke-api-key`, { key: first.key, reason: 'rotated' })
  t.equal((await issue(id)).statusCode, 201)
  problem(t, await issue(id, '2026-06-04'), 400, 'integration/expiry')
  problem(t, await issue('nobody-here'), 404, 'request/not-found')
  problem(
    t,
    await door.post('partner', `/v1/integrations/${id}/keys`, { expiresOn: '2025-06-04' }),
    403,
    'access/role-not-allowed',
  )
})

await t.test('the secret is in no file and no line of the log', async (t) => {
  const { secret } = await keyOf(await registered('ward-system-2'))
  await withKey(secret)
  const [, , random = ''] = secret.split('.')
  for (const file of readdirSync(door.dataDir)) {
    const bytes = readFileSync(join(door.dataDir, file))
    t.notOk(bytes.includes(secret) || bytes.includes(random), file)
  }
  t.notMatch(door.logged.join(''), random)
})
