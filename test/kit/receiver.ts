import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { Test } from 'tap'

export type Received = {
  readonly id: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The CloudEvent. */
  readonly event: {
    readonly id: string
    readonly type: string
    readonly sequence: string
    readonly partitionkey: string
    readonly subject: string
    readonly data: Readonly<Record<string, unknown>>
  }
  readonly at: number
}

/** What it answers: a status, or whatever it does itself with the answer. */
export type Behaviour = (received: Received, count: number) => number | ((response: ServerResponse) => void)

export type Receiver = {
  readonly url: string
  readonly received: Received[]
  /** From now on. */
  behave(behaviour: Behaviour): void
  /** Those that were taken: answered with 2xx. */
  readonly taken: Received[]
  stop(): Promise<void>
  restart(): Promise<void>
}

/** Somebody else's system, on loopback. Takes everything, unless told otherwise. */
export const startReceiver = async (t: Test, first: Behaviour = () => 204): Promise<Receiver> => {
  let behaviour = first
  const received: Received[] = []
  const taken: Received[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      const one = {
        id: String(request.headers['webhook-id']),
        headers: request.headers,
        body,
        event: JSON.parse(body),
        at: performance.now(),
      }
      received.push(one)
      const answer = behaviour(one, received.length)
      if (typeof answer === 'function') return answer(response)
      if (answer >= 200 && answer < 300) taken.push(one)
      response.writeHead(answer).end()
    })
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    if (!server.listening) return
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  t.teardown(stop)
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    taken,
    behave(next) {
      behaviour = next
    },
    stop,
    restart: () => listen(port),
  }
}

/** By the reference library: throws unless one of its signatures is right. */
export const verifyBy = (secret: string, { headers, body }: Received): unknown =>
  new Webhook(secret).verify(body, headers as Record<string, string>)
