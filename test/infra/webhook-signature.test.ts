import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { type Attempt, makeSigningKeys, signatureOf } from '#infra/webhooks/signature.ts'

const body = '{"specversion":"1.0","data":{"note":"つなぎ – é"}}'
const now = () => Math.floor(Date.now() / 1_000)
const attempt = (): Attempt => ({ id: '0198c0de-0000-7000-8000-000000000001', timestamp: now(), body })

/** Written from the specification, not from what is tested. */
const isSignedBy = (key: string, { id, timestamp, body }: Attempt, header: string): boolean => {
  const [kind = '', encoded = ''] = key.split('_')
  const bytes = Buffer.from(encoded, 'base64')
  const content = Buffer.from([id, timestamp, body].join('.'), 'utf8')
  return header.split(' ').some((one) => {
    const [version, text = ''] = one.split(',')
    const given = Buffer.from(text, 'base64')
    if (version === 'v1' && kind === 'whsec') {
      const wanted = createHmac('sha256', bytes).update(content).digest()
      return wanted.length === given.length && timingSafeEqual(wanted, given)
    }
    if (version !== 'v1a' || kind !== 'whpk') return false
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }
    return verify(null, content, createPublicKey({ key: jwk, format: 'jwk' }), given)
  })
}

const isTakenByTheLibrary = (secret: string, { id, timestamp, body }: Attempt, header: string): boolean => {
  try {
    new Webhook(secret).verify(body, {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': header,
    })
    return true
  } catch {
    return false
  }
}

const changed: Readonly<Record<string, (of: Attempt) => Attempt>> = {
  body: (of) => ({ ...of, body: of.body.replace('1.0', '1.1') }),
  id: (of) => ({ ...of, id: of.id.replace('1', '2') }),
  timestamp: (of) => ({ ...of, timestamp: of.timestamp + 1 }),
}

t.test('keys look as the specification says', async (t) => {
  const { secret, privateKey, publicKey } = makeSigningKeys()
  for (const [key, prefix] of [
    [secret, 'whsec_'],
    [privateKey, 'whsk_'],
    [publicKey, 'whpk_'],
  ] as const) {
    t.ok(key.startsWith(prefix))
    t.equal(Buffer.from(key.slice(prefix.length), 'base64').length, 32)
  }
  t.equal(new Set(Array.from({ length: 50 }, () => makeSigningKeys().secret)).size, 50)
})

t.test('the reference libraries sign the same', async (t) => {
  const given = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' }
  const header = signatureOf(
    [
      {
        secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        privateKey: 'whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=',
      },
    ],
    given,
  )
  t.equal(
    header,
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= ' +
      'v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==',
  )
  const keys = makeSigningKeys()
  const at = attempt()
  t.equal(
    signatureOf([keys], at).split(' ')[0],
    new Webhook(keys.secret).sign(at.id, new Date(at.timestamp * 1_000), at.body),
  )
})

t.test('what was signed is taken, and nothing else', async (t) => {
  const [keys, others] = [makeSigningKeys(), makeSigningKeys()]
  const at = attempt()
  const header = signatureOf([keys], at)
  const isTaken = (of: Attempt, { secret, publicKey } = keys) => [
    isTakenByTheLibrary(secret, of, header),
    isSignedBy(secret, of, header),
    isSignedBy(publicKey, of, header),
  ]
  t.strictSame(isTaken(at), [true, true, true])
  t.strictSame(isTaken(at, others), [false, false, false], 'wrong key')
  for (const [what, change] of Object.entries(changed))
    t.strictSame(isTaken(change(at)), [false, false, false], `other ${what}`)
})

t.test('while keys are rotated, a receiver needs only one of them, the old or the new', async (t) => {
  const [old, fresh, others] = [makeSigningKeys(), makeSigningKeys(), makeSigningKeys()]
  const at = attempt()
  const header = signatureOf([old, fresh], at)
  t.strictSame(
    header.split(' ').map((one) => one.split(',')[0]),
    ['v1', 'v1a', 'v1', 'v1a'],
  )
  for (const { secret, publicKey } of [old, fresh]) {
    t.ok(isTakenByTheLibrary(secret, at, header))
    t.ok(isSignedBy(publicKey, at, header))
  }
  t.notOk(isTakenByTheLibrary(others.secret, at, header))
  t.notOk(isSignedBy(others.publicKey, at, header))
})

t.test('more keys than are kept parsed still sign, each with its own', async (t) => {
  const first = makeSigningKeys()
  const at = attempt()
  const before = signatureOf([first], at)
  const crowd = Array.from({ length: 10_100 }, (_, i) => ({
    secret: `whsec_${Buffer.alloc(32, String(i).padStart(8, '0')).toString('base64')}`,
    privateKey: first.privateKey,
  }))
  t.equal(new Set(crowd.map((keys) => signatureOf([keys], at).split(' ')[0])).size, crowd.length)
  t.equal(signatureOf([first], at), before)
})

t.test('nothing is signed that could be read otherwise, nor with half a key', async (t) => {
  const keys = makeSigningKeys()
  t.throws(() => signatureOf([keys], { ...attempt(), id: 'a.1' }))
  t.throws(() => signatureOf([keys], { ...attempt(), timestamp: 1.5 }))
  for (const spoilt of [
    { ...keys, secret: keys.secret.replace('whsec_', '') },
    { ...keys, secret: keys.privateKey.replace('whsk', 'whpk') },
    { ...keys, secret: `whsec_${Buffer.alloc(65).toString('base64')}` },
    { ...keys, privateKey: keys.publicKey },
    { ...keys, privateKey: keys.privateKey.slice(0, -8) },
    { ...keys, secret: keys.secret.slice(0, -16) },
  ])
    t.throws(() => signatureOf([spoilt], attempt()), { message: 'not a signing key' })
})
