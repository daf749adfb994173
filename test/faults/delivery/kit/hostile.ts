import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Behaviour } from '#test/kit/receiver.ts'

/** A way to be a bad receiver. `takes`: it says 200 all the same, so what it was sent counts as delivered. */
export type Hostility = { readonly name: string; readonly behave: Behaviour; readonly takes?: true }

const A_SECOND = 1_000
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
const PIECE = 'a'.repeat(65_536)

export const hostilities = (trapUrl: string): readonly Hostility[] => [
  { name: 'errors', behave: () => 500 },
  {
    name: 'wants peace',
    behave: () => (response) => void response.writeHead(429, { 'retry-after': '600' }).end(),
  },
  { name: 'is gone', behave: () => 410 },
  { name: 'resets', behave: onTheWire((socket) => void socket.resetAndDestroy()) },
  {
    name: 'redirects inwards',
    behave: () => (response) => void response.writeHead(307, { location: trapUrl }).end(),
  },
  { name: 'slow headers', behave: onTheWire((socket) => dripping(socket, 'HTTP/1.1 200 OK\r\nx-a: ')) },
  {
    name: 'one byte a second',
    takes: true,
    behave: onTheWire((socket) => dripping(socket, `${CHUNKED}ffff\r\n`)),
  },
  {
    name: 'endless body',
    takes: true,
    behave: onTheWire((socket) => flooding(socket, CHUNKED, `10000\r\n${PIECE}\r\n`)),
  },
  {
    name: 'giant headers',
    behave: onTheWire((socket) => flooding(socket, 'HTTP/1.1 200 OK\r\n', `x-a: ${PIECE}\r\n`)),
  },
]

/** Past what Node would have written. */
const onTheWire =
  (talk: (socket: Socket) => void): Behaviour =>
  () =>
  ({ socket }: ServerResponse) => {
    if (!socket) return
    socket.on('error', () => undefined)
    talk(socket)
  }

const dripping = (socket: Socket, begin: string): void => {
  socket.write(begin)
  const timer = setInterval(() => socket.write('a'), A_SECOND)
  socket.once('close', () => clearInterval(timer))
}

/** As fast as the other side takes it. */
const flooding = (socket: Socket, begin: string, piece: string): void => {
  const write = () => {
    while (socket.writable && socket.write(piece));
  }
  socket.on('drain', write)
  socket.write(begin)
  write()
}
