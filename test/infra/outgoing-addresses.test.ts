import { createServer, type LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'
import fc from 'fast-check'
import t from 'tap'
import { isPublic } from '#infra/outgoing/address.ts'
import { type DestinationProblem, destinationIn } from '#infra/outgoing/destination.ts'
import { type ExchangeOptions, openExchange } from '#infra/outgoing/exchange.ts'
import { judgedLookup } from '#infra/outgoing/lookup.ts'

t.setTimeout(60_000)

/** Listens on every address that this machine has, loopback and others, and counts who connects. */
const startTrap = async () => {
  let reached = 0
  const server = createServer((socket) => {
    reached += 1
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  })
  const listening = (host: string) =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  await listening('::').catch(() => listening('0.0.0.0'))
  t.teardown(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, reached: () => reached }
}

const trap = await startTrap()

const sent = async (url: string, options: ExchangeOptions) => {
  const exchange = openExchange({ connectMs: 300, deadlineMs: 2_000, ...options })
  const answer = await exchange.send({ url, headers: {}, body: '{}' })
  await exchange.close()
  return answer.kind === 'answered' ? `answered ${answer.status}` : answer.code
}

/** This machine, in every spelling that a URL knows. */
const LOOPBACK = [
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '127.8.8.8',
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0X7F000001',
  '0x7f.1',
  '0x7f.0.0.1',
  '0x7f.0x0.0x0.0x1',
  '0177.1',
  '0177.0.0.01',
  '0177.0x0.0.1',
  '00000177.0.0.1',
  '0x000000000000007f.1',
  '127.0x000001',
  '%31%32%37.0.0.1',
  '127%2e0%2e0%2e1',
  '①②⑦.⓪.⓪.①',
  '１２７.０.０.１',
  '127。0。0。1',
  '127．0．0．1',
  '127｡0｡0｡1',
  '1\t27.0.\n0.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::0.0.0.1]',
  'localhost',
  'LOCALHOST',
  'LocalHost.',
  '%6cocalhost',
  'ｌｏｃａｌｈｏｓｔ',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'loc\u00adalhost',
]

const ownAddresses = Object.values(networkInterfaces())
  .flat()
  .flatMap((one) => (one === undefined || one.internal ? [] : [one]))
  .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address))

/** Never outside, in dev mode neither. */
const INNER = [
  ...ownAddresses,
  '0',
  '0.0.0.0',
  '0x0',
  '0.0.0.1',
  '0.255.255.255',
  '10.0.0.1',
  '10.1',
  '012.0.0.1',
  '0xa.0.0.1',
  '167772161',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '168.63.129.16',
  '169.254.169.254',
  '169.254.43518',
  '0xa9fea9fe',
  '2852039166',
  '0251.0376.0251.0376',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '192.168.257',
  '0300.0250.0.1',
  '3232235521',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '4294967295',
  '[::]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::10.0.0.1]',
  '[::8.8.8.8]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7F00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::ffff:0.0.0.0]',
  '[::ffff:10.0.0.1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::10.0.0.1]',
  '[100::1]',
  '[2001::7f00:1]',
  '[2001:0:4136:e378:8000:63bf:80ff:fffe]',
  '[2001:2::1]',
  '[2001:10::1]',
  '[2001:20::1]',
  '[2001:db8::1]',
  '[2002:7f00:1::]',
  '[2002:a00:1::1]',
  '[2002:a9fe:a9fe::1]',
  '[3fff::1]',
  '[4000::1]',
  '[5f00::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[feff::1]',
  '[ff02::1]',
  'ip6-localhost',
  'redis',
  'redis.',
  'kubernetes',
  'a.localhost',
  'A.LOCALHOST.',
  'localhost.localdomain',
  'printer.local',
  'api.default.svc.cluster.local',
  'metadata.google.internal',
  'METADATA.GOOGLE.INTERNAL.',
  'metadata.google.%69nternal',
  'metadata.google.ｉｎｔｅｒｎａｌ',
  'internal',
  'router.home.arpa',
  'home.arpa',
  'files.lan',
  'wiki.corp',
]

await t.test('the trap catches whoever comes', async (t) => {
  const before = trap.reached()
  const loopback = `http://127.0.0.1:${trap.port}/`
  t.equal(await sent(loopback, { loopback: true }), 'answered 200')
  t.equal(await sent(`http://localhost:${trap.port}/`, { loopback: true }), 'answered 200')
  t.equal(
    await sent(`https://127.0.0.1:${trap.port}/`, { loopback: true }),
    'tls',
    'reached, though it speaks no TLS',
  )
  t.equal(trap.reached() - before, 3)
})

await t.test('no spelling of this machine or of an inner network is written to', async (t) => {
  const before = trap.reached()
  for (const host of [...LOOPBACK, ...INNER])
    for (const scheme of ['https', 'http'])
      t.equal(
        await sent(`${scheme}://${host}:${trap.port}/`, { loopback: false }),
        'blocked',
        `${scheme} ${host}`,
      )
  t.equal(trap.reached(), before, 'nobody came')
})

await t.test('dev mode opens this machine, and nothing else', async (t) => {
  const before = trap.reached()
  for (const host of INNER)
    for (const scheme of ['https', 'http'])
      t.equal(
        await sent(`${scheme}://${host}:${trap.port}/`, { loopback: true }),
        'blocked',
        `${scheme} ${host}`,
      )
  t.equal(trap.reached(), before, 'nobody came')
  for (const host of LOOPBACK)
    t.match(
      destinationIn(`http://${host}:${trap.port}/`, { loopback: true }),
      { url: URL },
      `allowed: ${host}`,
    )
})

await t.test('what is wrong with a URL is said by name', async (t) => {
  const long = 'https://hooks.example.com/'.padEnd(2_001, 'x')
  const wrong: readonly (readonly [string, DestinationProblem])[] = [
    [long, 'tooLong'],
    ['', 'notAUrl'],
    ['hooks.example.com/a', 'notAUrl'],
    ['//hooks.example.com/a', 'notAUrl'],
    ['https://', 'notAUrl'],
    ['https://256.0.0.1/', 'notAUrl'],
    ['https://127.0.0.1.1.1/', 'notAUrl'],
    ['https://[fe80::1%25eth0]/', 'notAUrl'],
    ['https://[::1', 'notAUrl'],
    ['https://hooks.example.com:99999/', 'notAUrl'],
    ['https://exa mple.com/', 'notAUrl'],
    ['http://hooks.example.com/', 'notHttps'],
    ['ftp://hooks.example.com/', 'notHttps'],
    ['file:///etc/passwd', 'notHttps'],
    ['gopher://127.0.0.1/_', 'notHttps'],
    ['data:text/plain,a', 'notHttps'],
    ['javascript:alert(1)', 'notHttps'],
    ['unix:/var/run/docker.sock', 'notHttps'],
    ['blob:https://hooks.example.com/1', 'notHttps'],
    ['https://user:word@hooks.example.com/', 'hasUserinfo'],
    ['https://user@hooks.example.com/', 'hasUserinfo'],
    ['https://:word@hooks.example.com/', 'hasUserinfo'],
    ['https://hooks.example.com:443@127.0.0.1/', 'hasUserinfo'],
    ['https://hooks.example.com%2f@127.0.0.1/', 'hasUserinfo'],
    ['https://hooks.example.com/#', 'hasFragment'],
    ['https://hooks.example.com/#a', 'hasFragment'],
    ['https://127.0.0.1\\@hooks.example.com/', 'notPublic'],
    ['https://@127.0.0.1/', 'notPublic'],
    ['https:127.0.0.1', 'notPublic'],
    ['https:/\\/127.0.0.1/', 'notPublic'],
    ['\u0001 https://127.0.0.1/ ', 'notPublic'],
    ['ht\ntps://127.0.0.1/', 'notPublic'],
  ]
  for (const [url, problem] of wrong) {
    t.strictSame(destinationIn(url, { loopback: false }), { problem }, `${problem}: ${url.slice(0, 60)}`)
    t.equal(await sent(url, { loopback: false }), 'blocked')
  }
  for (const url of ['http://hooks.example.com/', 'ftp://127.0.0.1/', 'http://10.0.0.1/'])
    t.match(destinationIn(url, { loopback: true }), { problem: 'notHttps' }, `in dev mode too: ${url}`)
  t.match(destinationIn(long.slice(0, 2_000), { loopback: false }), { url: URL }, 'not too long by a hair')
})

await t.test('a URL that may be public is kept in its one spelling', async (t) => {
  const spelled: readonly (readonly [string, string])[] = [
    ['https://hooks.example.com/a?b=c', 'https://hooks.example.com/a?b=c'],
    [' HTTPS://Hooks.Example.COM:443', 'https://hooks.example.com/'],
    ['https://hooks.example.com./a', 'https://hooks.example.com/a'],
    ['https://hooks.example.com:8443/', 'https://hooks.example.com:8443/'],
    ['https://保育.example.jp/', 'https://xn--ruq730j.example.jp/'],
    ['https://local.example.com/', 'https://local.example.com/'],
    ['https://notlocalhost.com/', 'https://notlocalhost.com/'],
    ['https://0x08080808/', 'https://8.8.8.8/'],
    ['https://[2606:4700:4700::1111]/', 'https://[2606:4700:4700::1111]/'],
  ]
  for (const [url, href] of spelled) t.match(destinationIn(url, { loopback: false }), { url: { href } }, url)
})

type Found = string | readonly string[]

/** A resolver that tells each asker the next thing, and the last one for ever. */
const telling = (...answers: readonly Found[]) => {
  let asked = 0
  const lookup: LookupFunction = (_name, _options, callback) => {
    const found = answers[Math.min(asked, answers.length - 1)] ?? []
    asked += 1
    if (typeof found === 'string') callback(null, found, familyOf(found))
    else
      callback(
        null,
        found.map((address) => ({ address, family: familyOf(address) })),
      )
  }
  return { lookup, asked: () => asked }
}

const familyOf = (address: string) => (address.includes(':') ? 6 : 4)

/** Given to nobody, so that nobody gets what is sent there. */
const PUBLIC = '2d00::1'

await t.test('a name that leads inside is not connected to', async (t) => {
  const before = trap.reached()
  const told: readonly Found[] = [
    ['127.0.0.1'],
    '127.0.0.1',
    ['::1'],
    '::1',
    ['0.0.0.0'],
    ['::'],
    ['::ffff:127.0.0.1'],
    ['::127.0.0.1'],
    ['::1%lo'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['64:ff9b::7f00:1'],
    ['2002:7f00:1::'],
    ['fe80::1'],
    ['fd00::1'],
    ['8.8.8.8', '127.0.0.1'],
    ['127.0.0.1', '8.8.8.8'],
    [PUBLIC, '::1'],
    ['::1', PUBLIC],
    ['8.8.8.8', PUBLIC, '1.1.1.1', '10.0.0.1'],
    ['no address at all'],
  ]
  for (const found of told)
    for (const loopback of [false, true])
      t.equal(
        await sent(`https://hooks.example.com:${trap.port}/`, { loopback, lookup: telling(found).lookup }),
        'blocked',
        `${found}`,
      )
  t.equal(trap.reached(), before, 'nobody came')
})

await t.test('localhost leads to this machine, or nowhere', async (t) => {
  const url = `http://localhost:${trap.port}/`
  for (const found of ['10.0.0.1', '8.8.8.8', '::ffff:127.0.0.1'])
    t.equal(await sent(url, { loopback: true, lookup: telling([found]).lookup }), 'blocked', found)
  t.equal(await sent(url, { loopback: true, lookup: telling(['127.0.0.1']).lookup }), 'answered 200')
})

await t.test('a name that changes its mind after it was judged gains nothing', async (t) => {
  const before = trap.reached()
  const resolver = telling([PUBLIC], ['127.0.0.1'])
  const exchange = openExchange({ loopback: false, lookup: resolver.lookup, connectMs: 300 })
  const send = () => exchange.send({ url: `https://hooks.example.com:${trap.port}/`, headers: {}, body: '' })
  const first = await send()
  t.match(first, { kind: 'failed', code: /timeout|connection/ }, 'went where it was judged')
  t.equal(resolver.asked(), 1, 'asked once for one connection')
  t.match(await send(), { kind: 'failed', code: 'blocked' }, 'the next connection is judged anew')
  t.equal(resolver.asked(), 2)
  await exchange.close()
  t.equal(trap.reached(), before, 'nobody came')
})

await t.test('a name without addresses is told apart', async (t) => {
  const failing: LookupFunction = (_name, _options, callback) => callback(new Error('ENOTFOUND'), '')
  t.equal(await sent('https://hooks.example.com/', { loopback: false, lookup: failing }), 'dns')
  t.equal(await sent('https://hooks.example.com/', { loopback: false, lookup: telling([]).lookup }), 'dns')
})

await t.test('whoever asks for one address gets one, of those that were all judged', async (t) => {
  const asked = (found: Found, all: boolean) =>
    new Promise((resolve) =>
      judgedLookup(telling(found).lookup, { loopback: false })(
        'a.example.com',
        { all },
        (error, address, family) => resolve(error === null ? [address, family] : error.message),
      ),
    )
  t.strictSame(await asked(['8.8.8.8', '1.1.1.1'], false), ['8.8.8.8', 4])
  t.strictSame(await asked(PUBLIC, false), [PUBLIC, 6])
  t.strictSame(await asked(PUBLIC, true), [[{ address: PUBLIC, family: 6 }], undefined])
  t.equal(await asked(['8.8.8.8', '10.0.0.1'], false), 'blocked')
  t.equal(await asked('10.0.0.1', false), 'blocked')
})

await t.test('sockets that look for one name at one time ask once', async (t) => {
  const told: (() => void)[] = []
  const slow: LookupFunction = (_name, _options, callback) =>
    void told.push(() => callback(null, '8.8.8.8', 4))
  const lookup = judgedLookup(slow, { loopback: false })
  const find = () =>
    new Promise((resolve) => lookup('a.example.com', {}, (_error, address) => resolve(address)))
  const found = Promise.all([find(), find(), find()])
  t.equal(told.length, 1)
  told[0]?.()
  t.strictSame(await found, ['8.8.8.8', '8.8.8.8', '8.8.8.8'])
  void find()
  t.equal(told.length, 2, 'and once more later: nothing is kept')
})

/** First and last of every block that the IANA registries call special, and of the other side of its edges. */
const SPECIAL: readonly (readonly [string, string])[] = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  ['168.63.129.16', '168.63.129.16'],
  ['169.254.0.0', '169.254.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '239.255.255.255'],
  ['240.0.0.0', '255.255.255.255'],
  ['::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['::1', '::ffff:ffff'],
  ['::7f00:1', '::808:808'],
  ['64:ff9b::', '64:ff9b::ffff:ffff'],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100::ffff:ffff:ffff:ffff'],
  ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['4000::', 'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
]

const ROUTED = [
  '1.0.0.0',
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '168.63.129.15',
  '168.63.129.17',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '191.255.255.255',
  '192.0.1.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '203.0.112.255',
  '203.0.114.0',
  '223.255.255.255',
  '2000::1',
  '2001:200::1',
  '2001:db7:ffff::1',
  '2001:db9::1',
  '2003::1',
  '2400:cb00::1',
  '2606:4700:4700::1111',
  '2a00:1450:4001:81b::200e',
  PUBLIC,
  '3ffe:ffff::1',
]

await t.test('public is what any stranger can reach', async (t) => {
  for (const [first, last] of SPECIAL) {
    t.notOk(isPublic(first), first)
    t.notOk(isPublic(last), last)
  }
  for (const address of ROUTED) t.ok(isPublic(address), address)
  const noAddress = [
    '',
    '8.8.8',
    '010.8.8.8',
    '0x8.8.8.8',
    '8.8.8.8 ',
    '134744072',
    '2606:4700::1%eth0',
    '[2606::1]',
  ]
  for (const text of noAddress) t.notOk(isPublic(text), `no address: "${text}"`)
})

await t.test('an IPv4 address inside IPv6 is what it is by itself', async () => {
  fc.assert(fc.property(fc.ipV4(), (address) => isPublic(`::ffff:${address}`) === isPublic(address)))
  fc.assert(
    fc.property(fc.ipV4(), (address) => !isPublic(`64:ff9b::${address}`) && !isPublic(`::${address}`)),
  )
})
