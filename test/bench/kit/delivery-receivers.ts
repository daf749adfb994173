import { createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '#test/kit/free-port.ts'

/**
 * Who takes the webhooks of the benches, a program of its own: `delivery-receivers.ts <healthy> <slow ms>`. Some that answer at once,
 * one that is slow, and a port that nobody listens on. Plain sockets, so that taking costs little of what sending is measured by.
 */
export type Urls = { readonly healthy: readonly string[]; readonly slow: string; readonly dead: string }

/** Answers when the healthy ones together have taken so many more. `whole`: parse each, for how long it was under way. */
export type Expect = { readonly expect: number; readonly whole: boolean }

/** `lastAt`: ms since 1970. `lags`: ms from the moment that the program recorded to the arrival. */
export type Taken = { readonly lastAt: number; readonly lags: readonly number[] }

const END_OF_HEAD = '\r\n\r\n'
const TAKEN = 'HTTP/1.1 204 No Content\r\n\r\n'
const SIGNED_TWICE = /^webhook-signature: v1,\S{44} v1a,\S{88}\r$/im

const [healthy = '3', slowMs = '500'] = process.argv.slice(2)
let counting: Expect | undefined
let taken = 0
let lags: number[] = []

const now = (): number => performance.timeOrigin + performance.now()

const take = (body: string): void => {
  taken += 1
  if (counting?.whole === true) lags.push(now() - Date.parse(JSON.parse(body).recordedtime))
  if (taken !== counting?.expect) return
  process.send?.({ lastAt: now(), lags } satisfies Taken)
  taken = 0
  lags = []
}

/** Each request on a connection, whole. They come one after the other: nobody sends the next before the answer. */
const eachRequest = (socket: Socket, arrived: (body: string) => void): void => {
  let text = ''
  socket.setNoDelay(true).on('error', () => undefined)
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const end = text.indexOf(END_OF_HEAD)
    const length = Number(/^content-length: (\d+)/im.exec(text)?.[1])
    if (end < 0 || text.length < end + END_OF_HEAD.length + length) return
    if (!SIGNED_TWICE.test(text)) throw new Error(`not signed twice: ${text.slice(0, end)}`)
    const body = text.slice(end + END_OF_HEAD.length)
    text = ''
    arrived(body)
  })
}

const listen = (arrived: (socket: Socket, body: string) => void): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer((socket) => eachRequest(socket, (body) => arrived(socket, body)))
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address !== null && typeof address !== 'string') resolve(`http://127.0.0.1:${address.port}/hook`)
    })
  })

const atOnce = (): Promise<string> =>
  listen((socket, body) => {
    socket.write(TAKEN)
    take(body)
  })
const slowly = (): Promise<string> =>
  listen(async (socket) => {
    await pause(Number(slowMs))
    socket.write(TAKEN)
  })

process.on('message', (message: Expect) => {
  counting = message
})
process.send?.({
  healthy: await Promise.all(Array.from({ length: Number(healthy) }, atOnce)),
  slow: await slowly(),
  dead: `http://127.0.0.1:${await freePort()}/hook`,
} satisfies Urls)
