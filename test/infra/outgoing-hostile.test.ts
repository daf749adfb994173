import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type LookupFunction, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { type Answer, type Exchange, type ExchangeOptions, openExchange } from '#infra/outgoing/exchange.ts'
import { makeCertificate } from '#test/eventstoredb-double/kit/certificate.ts'

t.setTimeout(60_000)

const DEADLINE_MS = 700
/** A machine that is busy with other things wakes us late. */
const LATE_MS = 500
const MB = 1_024 * 1_024

type Behaviour = (socket: Socket, request: string) => void

type Receiver = {
  readonly port: number
  readonly connections: () => number
  /** Whole or begun, in the order in which they came. */
  readonly requests: readonly string[]
  /** When nobody is connected any more. */
  emptied(): Promise<void>
}

const listen = async (t: Test, server: Server): Promise<Omit<Receiver, 'requests'>> => {
  const open = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket) => {
    connections += 1
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return {
    port: portOf(server),
    connections: () => connections,
    async emptied() {
      await Promise.all([...open].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    },
  }
}

/** Behaves so once it has the head of a request. */
const receiving = async (t: Test, behave: Behaviour): Promise<Receiver> => {
  const requests: string[] = []
  const server = createServer((socket) =>
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      if (!text.startsWith('POST ')) return
      requests.push(text)
      behave(socket, text)
    }),
  )
  return { ...(await listen(t, server)), requests }
}

const exchangeOf = (t: Test, options: Partial<ExchangeOptions> = {}): Exchange => {
  const exchange = openExchange({ loopback: true, deadlineMs: DEADLINE_MS, ...options })
  t.teardown(() => exchange.close())
  return exchange
}

const sendTo = async (
  t: Test,
  { port }: { readonly port: number },
  options: Partial<ExchangeOptions> = {},
) => {
  const answer = await exchangeOf(t, options).send({
    url: `http://127.0.0.1:${port}/`,
    headers: {},
    body: '{}',
  })
  t.ok(answer.ms < DEADLINE_MS + LATE_MS, `in time: ${answer.ms} ms`)
  return resultOf(answer)
}

const resultOf = (answer: Answer) => (answer.kind === 'answered' ? answer.status : answer.code)

const response = (status: number, headers: readonly string[] = [], body = '') =>
  [`HTTP/1.1 ${status} So`, ...headers, `content-length: ${body.length}`, '', body].join('\r\n')

const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  return port
}

const portOf = (server: Server): number => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** As long as somebody listens. */
const repeating = (socket: Socket, text: string, everyMs: number) => {
  const timer = setInterval(() => socket.write(text), everyMs)
  socket.on('close', () => clearInterval(timer))
}

/** As fast as the other side takes it; counts what was taken. */
const flooding = (socket: Socket, chunk: string): (() => number) => {
  const write = () => {
    while (socket.writable && socket.write(chunk));
  }
  socket.on('drain', write)
  write()
  return () => socket.bytesWritten
}

await t.test('what is sent arrives as it is', async (t) => {
  const receiver = await receiving(t, (socket) => socket.write(response(204)))
  const { send } = exchangeOf(t)
  const url = `http://127.0.0.1:${receiver.port}/hooks/a%20b?c=d`
  t.match(await send({ url, headers: { 'webhook-id': 'msg_1' }, body: '{"é":1}' }), {
    kind: 'answered',
    status: 204,
  })
  t.match(await send({ url, headers: {}, body: new TextEncoder().encode('{"é":2}') }), { status: 204 })
  t.match(await send({ url, headers: {}, body: '' }), { status: 204 })
  const [first = '', second = '', third = ''] = receiver.requests
  t.match(first, /^POST \/hooks\/a%20b\?c=d HTTP\/1\.1\r\n/)
  t.match(first, /\r\nwebhook-id: msg_1\r\n/)
  t.match(first, /\r\ncontent-length: 8\r\n\r\n\{"Ã©":1\}$/, 'bytes, not characters')
  t.match(second, /\r\n\r\n\{"Ã©":2\}$/)
  t.match(third, /\r\ncontent-length: 0\r\n\r\n$/)
})

await t.test('every status is an answer', async (t) => {
  for (const status of [200, 202, 204, 400, 404, 410, 429, 500, 502, 503, 599]) {
    const receiver = await receiving(t, (socket) => socket.write(response(status)))
    t.equal(await sendTo(t, receiver), status)
  }
})

await t.test('a receiver says when it wants to hear from us again', async (t) => {
  const inMs = async (...headers: readonly string[]) => {
    const receiver = await receiving(t, (socket) => socket.write(response(429, headers)))
    const answer = await exchangeOf(t).send({
      url: `http://127.0.0.1:${receiver.port}/`,
      headers: {},
      body: '',
    })
    t.match(answer, { kind: 'answered', status: 429 })
    return answer.kind === 'answered' ? answer.retryAfterMs : undefined
  }
  const dayMs = 24 * 60 * 60 * 1_000
  const dateIn = (ms: number) => `Retry-After: ${new Date(Date.now() + ms).toUTCString()}`
  t.equal(await inMs('Retry-After: 7'), 7_000)
  t.equal(await inMs('retry-after: 0'), 0)
  t.equal(await inMs('Retry-After: 99999999999999999999999999'), dayMs)
  const minute = (await inMs(dateIn(60_000))) ?? 0
  t.ok(minute > 50_000 && minute <= 60_000, `a date: ${minute}`)
  t.equal(await inMs(dateIn(-60_000)), 0, 'long ago')
  t.equal(await inMs(dateIn(400 * dayMs)), dayMs)
  for (const nonsense of ['soon', '-5', '1.5', '5 minutes', '2026-01-01T00:00:00Z', '1e9', ''])
    t.equal(await inMs(`Retry-After: ${nonsense}`), undefined, `"${nonsense}"`)
  t.equal(await inMs(), undefined)
})

await t.test('redirects are not followed', async (t) => {
  const inner = await receiving(t, (socket) => socket.write(response(200)))
  for (const status of [300, 301, 302, 303, 307, 308]) {
    const location = `location: http://127.0.0.1:${inner.port}/`
    const receiver = await receiving(t, (socket) => socket.write(response(status, [location])))
    t.equal(await sendTo(t, receiver), status)
  }
  t.equal(inner.connections(), 0)
})

await t.test('a connection that breaks before the status has failed', async (t) => {
  t.equal(await sendTo(t, { port: await closedPort() }), 'connection', 'refused')
  const breaking: Readonly<Record<string, Behaviour>> = {
    reset: (socket) => void socket.resetAndDestroy(),
    ended: (socket) => void socket.end(),
    'reset in the headers': (socket) =>
      void socket.write('HTTP/1.1 200 OK\r\ncont', () => socket.resetAndDestroy()),
    'ended in the headers': (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n'),
    'ended after an interim one': (socket) => void socket.end('HTTP/1.1 103 Early Hints\r\n\r\n'),
    'another protocol from now on': (socket) =>
      void socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n'),
  }
  for (const [what, behave] of Object.entries(breaking))
    t.equal(await sendTo(t, await receiving(t, behave)), 'connection', what)
  const accepting = createServer((socket) => void socket.resetAndDestroy())
  t.equal(await sendTo(t, await listen(t, accepting)), 'connection', 'reset on arrival')
})

await t.test('what is not HTTP has failed', async (t) => {
  const header = `x-a: ${'a'.repeat(1_000)}\r\n`
  const talking: Readonly<Record<string, Behaviour>> = {
    ssh: (socket) => void socket.write('SSH-2.0-OpenSSH_9.6\r\n'),
    noise: (socket) => void socket.write(Buffer.alloc(4_096, 0xff)),
    'another version': (socket) => void socket.write('HTTP/9.9 200 OK\r\n\r\n'),
    'no number': (socket) => void socket.write('HTTP/1.1 OK\r\n\r\n'),
    'two lengths': (socket) => void socket.write(response(200, ['content-length: 5'])),
    'a header of 17 KiB': (socket) => void socket.write(response(200, [`x-a: ${'a'.repeat(17 * 1_024)}`])),
    'a header without end': (socket) =>
      void flooding(socket.pause(), `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(MB)}`),
    'headers without end': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      flooding(socket, header)
    },
  }
  for (const [what, behave] of Object.entries(talking))
    t.equal(await sendTo(t, await receiving(t, behave)), 'protocol', what)
  const fitting = await receiving(t, (socket) =>
    socket.write(response(200, [`x-a: ${'a'.repeat(15 * 1_024)}`])),
  )
  t.equal(await sendTo(t, fitting), 200, 'a large header is none without end')
})

await t.test('whoever has given no status at the deadline has not answered', async (t) => {
  const delaying: Readonly<Record<string, Behaviour>> = {
    'says nothing': () => undefined,
    'headers by the byte': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-a: ')
      repeating(socket, 'a', 20)
    },
    'a status line by the byte': (socket) => {
      socket.write('HTTP/1.1 200 ')
      repeating(socket, 'a', 20)
    },
    'interim answers for ever': (socket) =>
      repeating(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 20),
  }
  for (const [what, behave] of Object.entries(delaying)) {
    const receiver = await receiving(t, behave)
    t.equal(await sendTo(t, receiver), 'timeout', what)
    await receiver.emptied()
  }
})

await t.test('the deadline holds for a receiver that reads nothing', async (t) => {
  const receiver = await listen(
    t,
    createServer((socket) => void socket.pause()),
  )
  const { send } = exchangeOf(t)
  const answer = await send({
    url: `http://127.0.0.1:${receiver.port}/`,
    headers: {},
    body: Buffer.alloc(16 * MB),
  })
  t.match(answer, { kind: 'failed', code: 'timeout' })
  t.ok(answer.ms < DEADLINE_MS + LATE_MS, `in time: ${answer.ms} ms`)
})

await t.test('a status is the answer, whatever becomes of the body', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n'
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
  const spoiling: Readonly<Record<string, Behaviour>> = {
    'reset in the body': (socket) => {
      socket.write(`${head}a`)
      setTimeout(() => socket.resetAndDestroy(), 100)
    },
    'ended in the body': (socket) => void socket.end(`${head}a`),
    'chunks that are none': (socket) => void socket.write(`${chunked}zz\r\n`),
    'a chunk by the byte': (socket) => {
      socket.write(`${chunked}ffff\r\n`)
      repeating(socket, 'a', 20)
    },
    'a body that never begins': (socket) => void socket.write(head),
    'the name of a chunk without end': (socket) => {
      socket.write(`${chunked}5;`)
      flooding(socket, 'a'.repeat(1_024))
    },
    'trailers without end': (socket) => {
      socket.write(`${chunked}0\r\n`)
      flooding(socket, `x-a: ${'a'.repeat(1_000)}\r\n`)
    },
  }
  for (const [what, behave] of Object.entries(spoiling)) {
    const receiver = await receiving(t, behave)
    t.equal(await sendTo(t, receiver), 200, what)
    await receiver.emptied()
  }
})

await t.test('a body without end is not read to the end', async (t) => {
  const taken: (() => number)[] = []
  const receiver = await receiving(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    taken.push(flooding(socket, 'a'.repeat(65_536)))
  })
  const { send } = exchangeOf(t, { deadlineMs: 20_000 })
  const before = process.memoryUsage().rss
  for (let sent = 0; sent < 20; sent++)
    t.match(await send({ url: `http://127.0.0.1:${receiver.port}/`, headers: {}, body: '' }), { status: 200 })
  await receiver.emptied()
  // What the system keeps between two sockets is taken too.
  for (const bytes of taken) t.ok(bytes() < 16 * MB, `hung up on after ${bytes()} bytes`)
  const grown = (process.memoryUsage().rss - before) / MB
  t.ok(grown < 64, `${Math.round(grown)} MB more`)
})

await t.test('a body of moderate size does not cost the connection', async (t) => {
  const connectionsForTen = async (bytes: number) => {
    const receiver = await receiving(t, (socket) => socket.write(response(200, [], 'a'.repeat(bytes))))
    const { send } = exchangeOf(t, { mostBytes: 10_000 })
    for (let sent = 0; sent < 10; sent++)
      t.match(await send({ url: `http://127.0.0.1:${receiver.port}/`, headers: {}, body: '' }), {
        status: 200,
      })
    t.equal(receiver.requests.length, 10, 'none is sent again')
    return receiver.connections()
  }
  // Two: one is free again only a moment after its answer.
  t.ok((await connectionsForTen(10_000)) <= 2)
  t.ok((await connectionsForTen(10_001)) >= 10)
})

await t.test('a slow receiver gets sixteen connections; whoever waits has a deadline', async (t) => {
  const receiver = await receiving(t, () => undefined)
  const { send } = exchangeOf(t)
  const url = `http://127.0.0.1:${receiver.port}/`
  const others = await receiving(t, (socket) => socket.write(response(200)))
  const waiting = Array.from({ length: 50 }, () => send({ url, headers: {}, body: 'early' }))
  t.match(
    await send({ url: `http://127.0.0.1:${others.port}/`, headers: {}, body: '' }),
    { status: 200 },
    'another',
  )
  await pause(DEADLINE_MS / 2)
  t.equal(receiver.connections(), 16)
  for (const answer of await Promise.all(waiting)) {
    t.match(answer, { kind: 'failed', code: 'timeout' })
    t.ok(answer.ms < DEADLINE_MS + LATE_MS, `in time: ${answer.ms} ms`)
  }
  t.match(await send({ url, headers: {}, body: 'later' }), { code: 'timeout' })
  t.match(receiver.requests.at(-1), /later$/, 'what nobody waits for any more stands in nobody’s way')
})

await t.test('when a receiver is gone, those who wait hear it too', async (t) => {
  const { send } = exchangeOf(t)
  const port = await closedPort()
  const sending = Array.from({ length: 50 }, () =>
    send({ url: `http://127.0.0.1:${port}/`, headers: {}, body: '' }),
  )
  for (const answer of await Promise.all(sending)) t.match(answer, { kind: 'failed', code: 'connection' })
})

await t.test('only a certificate that can be verified is spoken to', async (t) => {
  const { keyFile, certFile } = makeCertificate(t.testdir())
  let said = ''
  const server = createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, (socket) =>
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        said += chunk.toString()
        socket.write(response(200))
      }),
  )
  const { port } = await listen(t, server)
  t.equal(process.env.NODE_TLS_REJECT_UNAUTHORIZED, undefined)
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.teardown(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
  const { send } = exchangeOf(t)
  for (const host of ['127.0.0.1', 'localhost'])
    t.match(await send({ url: `https://${host}:${port}/`, headers: {}, body: '' }), {
      kind: 'failed',
      code: 'tls',
    })
  t.equal(said, '')
})

await t.test('a handshake is part of connecting', async (t) => {
  const receiver = await listen(
    t,
    createServer((socket) => void socket.resume()),
  )
  const { send } = exchangeOf(t, { connectMs: 200, deadlineMs: 10_000 })
  const answer = await send({ url: `https://127.0.0.1:${receiver.port}/`, headers: {}, body: '' })
  t.match(answer, { kind: 'failed', code: 'timeout' })
  t.ok(answer.ms < 200 + LATE_MS, `in time: ${answer.ms} ms`)
  await receiver.emptied()
})

const silent: LookupFunction = () => undefined

await t.test('a name server that never answers holds nobody', async (t) => {
  const url = 'https://hooks.example.com/'
  const connecting = await exchangeOf(t, { lookup: silent, connectMs: 200, deadlineMs: 10_000 }).send({
    url,
    headers: {},
    body: '',
  })
  t.match(connecting, { kind: 'failed', code: 'timeout' })
  t.ok(connecting.ms < 200 + LATE_MS, `in time: ${connecting.ms} ms`)
  const waiting = await exchangeOf(t, { lookup: silent }).send({ url, headers: {}, body: '' })
  t.match(waiting, { kind: 'failed', code: 'timeout' })
  t.ok(waiting.ms < DEADLINE_MS + LATE_MS, `in time: ${waiting.ms} ms`)
})

await t.test('what cannot be sent is an answer too', async (t) => {
  const receiver = await receiving(t, (socket) => socket.write(response(200)))
  const url = `http://127.0.0.1:${receiver.port}/`
  const answer = await exchangeOf(t).send({ url, headers: { 'x-a': 'b\r\nx-c: d' }, body: '' })
  t.match(answer, { kind: 'failed', code: 'protocol' })
  t.equal(receiver.connections(), 0)
})

await t.test('closing ends everything at once', async (t) => {
  const receiver = await receiving(t, () => undefined)
  const exchange = openExchange({ loopback: true, deadlineMs: 60_000, connectMs: 60_000, lookup: silent })
  const sending = [
    ...Array.from({ length: 40 }, () => `http://127.0.0.1:${receiver.port}/`),
    'https://hooks.example.com/',
  ].map((url) => exchange.send({ url, headers: {}, body: '' }))
  while (receiver.requests.length < 16) await pause(10)
  await exchange.close()
  await receiver.emptied()
  for (const answer of await Promise.all(sending)) t.match(answer, { kind: 'failed', code: 'closed' })
  const later = await exchange.send({ url: `http://127.0.0.1:${receiver.port}/`, headers: {}, body: '' })
  t.match(later, { kind: 'failed', code: 'closed' })
  t.equal(receiver.requests.length, 16)
  await exchange.close()
})
