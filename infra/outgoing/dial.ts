import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { buildConnector } from 'undici'
import { ExchangeFailure } from '#infra/outgoing/failure.ts'

type Dial = {
  readonly dial: buildConnector.connector
  /** At once, also what is still connecting; whoever dials later is refused. */
  hangUp(): void
}

/**
 * Makes connections for undici, each within `connectMs` (name, TCP and TLS together). Certificates are verified always, whatever
 * `NODE_TLS_REJECT_UNAUTHORIZED` says.
 *
 * Hazard: Node asks `lookup` for names only. An address in the URL must have been judged before (`destinationIn`).
 */
export const dialWith = (lookup: LookupFunction, connectMs: number): Dial => {
  const sockets = new Set<Socket>()
  let isClosed = false
  return {
    dial({ protocol, hostname, port }, callback) {
      if (isClosed) return callback(new ExchangeFailure('closed'), null)
      const isSecure = protocol === 'https:'
      const to = { host: hostname, port: Number(port) || (isSecure ? 443 : 80), lookup }
      const socket = isSecure ? connectTls({ ...to, ...verified(hostname) }) : connectTcp(to)
      const alarm = setTimeout(() => socket.destroy(new ExchangeFailure('timeout')), connectMs)
      let isReached = false
      let isDone = false
      const done = (error?: Error) => {
        if (isDone) return
        isDone = true
        clearTimeout(alarm)
        if (error === undefined) callback(null, socket)
        else callback(isSecure && isReached ? inHandshake(error) : error, null)
      }
      sockets.add(socket)
      socket
        .setNoDelay(true)
        .once('connect', () => {
          isReached = true
        })
        .once(isSecure ? 'secureConnect' : 'connect', () => done())
        .on('error', done)
        .once('close', () => sockets.delete(socket))
    },
    hangUp() {
      isClosed = true
      for (const socket of sockets) socket.destroy(new ExchangeFailure('closed'))
    },
  }
}

const verified = (hostname: string) => ({
  rejectUnauthorized: true,
  ALPNProtocols: ['http/1.1'],
  ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
})

/** There are some fifty codes for it. What goes wrong between the connection and the first byte of ours is the handshake. */
const inHandshake = (error: Error): Error =>
  error instanceof ExchangeFailure ? error : new ExchangeFailure('tls')
