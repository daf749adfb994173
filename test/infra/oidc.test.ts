import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { IssuerUnavailable, publishedKeys, tokenVerifier } from '#infra/auth/token-verifier.ts'

const AUDIENCE = 'tsunagi'
type Pair = Awaited<ReturnType<typeof generateKeyPair>> & { readonly kid: string; readonly alg: string }

const pairOf = async (alg: string, kid: string): Promise<Pair> => ({
  ...(await generateKeyPair(alg, { extractable: true })),
  kid,
  alg,
})

/** An issuer of somebody else's, over a real socket: its description, its keys, and how often they were asked for. */
const openIssuer = async (t: Test, options: { readonly describes?: string } = {}) => {
  const published: Pair[] = []
  const asked = { description: 0, keys: 0 }
  let isUp = true
  const answer = async ({ url }: IncomingMessage, response: ServerResponse) => {
    if (!isUp) return response.writeHead(500).end()
    if (url === '/realms/city/.well-known/openid-configuration') {
      asked.description += 1
      const described = { issuer: options.describes ?? issuer, jwks_uri: `${origin}/certs` }
      return response.end(JSON.stringify(described))
    }
    if (url !== '/certs') return response.writeHead(404).end()
    asked.keys += 1
    const keys = await Promise.all(
      published.map(async ({ publicKey, kid, alg }) => ({ ...(await exportJWK(publicKey)), kid, alg })),
    )
    return response.end(JSON.stringify({ keys }))
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = `${origin}/realms/city`
  const sign = ({ privateKey, alg, kid }: Pair, sub = 'saito') =>
    new SignJWT({})
      .setProtectedHeader({ alg, kid, typ: 'at+jwt' })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject(sub)
      .setIssuedAt()
      .setExpirationTime('5 min')
      .sign(privateKey)
  const verifier = () => tokenVerifier({ issuer, audience: AUDIENCE, key: publishedKeys(issuer) })
  const setUp = (up: boolean) => {
    isUp = up
  }
  return { issuer, published, asked, sign, verifier, setUp }
}

t.test('tokens of an issuer are checked with the keys that it publishes', async (t) => {
  const issuer = await openIssuer(t)
  const pairs = await Promise.all([pairOf('EdDSA', 'a'), pairOf('ES256', 'b'), pairOf('RS256', 'c')])
  issuer.published.push(...pairs)
  const verify = issuer.verifier()
  for (const pair of pairs) t.equal(await verify(await issuer.sign(pair)), 'saito', pair.alg)
  t.strictSame(issuer.asked, { description: 1, keys: 1 }, 'asked for once')

  const [known] = pairs
  const forged = { ...(await pairOf('EdDSA', 'x')), kid: known?.kid ?? '' }
  t.equal(await verify(await issuer.sign(forged)), undefined, 'signed by somebody else under a known name')
  const odd = await pairOf('ES512', 'd')
  issuer.published.push(odd)
  t.equal(await verify(await issuer.sign(odd)), undefined, 'an algorithm that is not ours')
})

t.test('unknown keys do not make it ask again and again', async (t) => {
  const issuer = await openIssuer(t)
  const known = await pairOf('EdDSA', 'known')
  issuer.published.push(known)
  const verify = issuer.verifier()
  t.equal(await verify(await issuer.sign(known)), 'saito')
  for (let i = 0; i < 20; i++)
    t.equal(await verify(await issuer.sign(await pairOf('EdDSA', `unknown-${i}`))), undefined)
  t.ok(issuer.asked.keys <= 2, `${issuer.asked.keys} times`)
})

t.test(
  'an issuer that does not answer: nobody is turned away as a stranger, and it is tried again',
  async (t) => {
    const issuer = await openIssuer(t)
    const pair = await pairOf('ES256', 'a')
    issuer.published.push(pair)
    issuer.setUp(false)
    const verify = issuer.verifier()
    const token = await issuer.sign(pair)
    await t.rejects(verify(token), IssuerUnavailable)
    await t.rejects(verify(token), IssuerUnavailable, 'and not asked at once again')
    issuer.setUp(true)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    t.equal(await verify(token), 'saito')
  },
)

t.test('a description of another issuer is not believed', async (t) => {
  const issuer = await openIssuer(t, { describes: 'https://elsewhere.example' })
  const pair = await pairOf('ES256', 'a')
  issuer.published.push(pair)
  await t.rejects(issuer.verifier()(await issuer.sign(pair)), IssuerUnavailable)
})
