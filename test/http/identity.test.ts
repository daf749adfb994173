import { createPrivateKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { forgedToken, newId, openTestDoor, problem } from '#test/kit/door.ts'

const door = await openTestDoor(t)
const ours = createPrivateKey(readFileSync(join(door.dataDir, 'dev-issuer.pem')))
const past = Math.floor(Date.now() / 1_000) - 3_600

const knock = (authorization?: string) =>
  door.inject({
    method: 'GET',
    url: `/v1/families/${newId()}`,
    headers: authorization === undefined ? {} : { authorization },
  })
const refuses = async (t: Test, authorization: string | undefined, code: string) => {
  const response = await knock(authorization)
  problem(t, response, 401, code)
  t.match(response.headers['www-authenticate'], /^Bearer/)
  t.equal(response.headers['cache-control'], 'no-store')
}

await t.test('nobody comes in without a token', (t) => refuses(t, undefined, 'access/no-token'))

const garbage: readonly string[] = [
  '',
  'Bearer',
  'Bearer ',
  'Bearer x',
  'Bearer a.b.c',
  'Basic bmFrYW11cmE6cGFzc3dvcmQ=',
  `Bearer ${'a'.repeat(9_000)}`,
  'Bearer null',
  'Bearer ../../etc',
]
await t.test('nor with something that is none', async (t) => {
  for (const authorization of garbage) await refuses(t, authorization, 'access/bad-token')
})

await t.test('a good token lets in', async (t) => {
  const response = await knock(`Bearer ${await forgedToken(ours)}`)
  t.equal(response.statusCode, 404)
})

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

const bad: Readonly<Record<string, () => Promise<string> | string>> = {
  'signed by somebody else': () => forgedToken(generateKeyPairSync('ed25519').privateKey),
  'not signed at all': async () => {
    const [, payload] = (await forgedToken(ours)).split('.')
    return `${base64({ alg: 'none', typ: 'at+jwt' })}.${payload}.`
  },
  'signed with our public key as a secret': () =>
    forgedToken(createSecretKey(randomBytes(32)), {}, { alg: 'HS256' }),
  'of another issuer': () => forgedToken(ours, { iss: 'https://elsewhere.example' }),
  'for another audience': () => forgedToken(ours, { aud: 'another-service' }),
  'of another type (an id token)': () => forgedToken(ours, {}, { typ: 'JWT' }),
  'without a type': () => forgedToken(ours, {}, { typ: undefined }),
  'that has expired': () => forgedToken(ours, { iat: past - 600, exp: past }),
  'that never expires': () => forgedToken(ours, { exp: undefined }),
  'not valid yet': () => forgedToken(ours, { nbf: past + 7_200 }),
  'that names nobody': () => forgedToken(ours, { sub: undefined }),
  'whose content was changed': async () => {
    const [header, , signature] = (await forgedToken(ours)).split('.')
    return `${header}.${base64({ sub: 'admin' })}.${signature}`
  },
}
for (const [what, make] of Object.entries(bad))
  await t.test(`a token ${what} does not let in`, async (t) =>
    refuses(t, `Bearer ${await make()}`, 'access/bad-token'),
  )

await t.test('a token of the right issuer for nobody who works here does not let in', async (t) => {
  for (const sub of ['stranger', 'system', '__proto__', 'x', 'a'.repeat(65), 'staff/../admin', ''])
    await refuses(
      t,
      `Bearer ${await forgedToken(ours, { sub })}`,
      sub === '' ? 'access/bad-token' : 'access/not-staff',
    )
})

await t.test('a token stops working when it expires, although it was good before', async (t) => {
  const soon = await forgedToken(ours, { iat: past, exp: Math.floor(Date.now() / 1_000) - 4 })
  t.equal((await knock(`Bearer ${soon}`)).statusCode, 404, 'within the tolerance')
  await new Promise((resolve) => setTimeout(resolve, 2_100))
  await refuses(t, `Bearer ${soon}`, 'access/bad-token')
})

await t.test(
  'without a token nothing of the inside shows: every route, known or not, says the same',
  async (t) => {
    const routes = ['/v1/families/x', '/v1/nowhere', '/', '/v1/audit/events', '/admin', '/v1/visits/1/record']
    for (const url of routes)
      for (const method of ['GET', 'POST', 'DELETE'] as const)
        problem(t, await door.inject({ method, url }), 401, 'access/no-token')
  },
)

await t.test('health and the description of the API are open', async (t) => {
  for (const url of ['/livez', '/readyz', '/livez?probe=1', '/openapi.json', '/docs', '/docs/'])
    t.ok((await door.inject({ method: 'GET', url })).statusCode < 400, url)
})
