import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { uuidV7 } from '#src/write/command-id.ts'
import { visitBody } from './visits.ts'

/**
 * The load of the HTTP benches, a program of its own. Plain sockets, because each request has an id of its own and a generator
 * that costs more than the server it drives would flatter whoever is slow: every core that it needs is missing on both sides.
 */
export type Load = {
  readonly address: string
  readonly token: string
  readonly connections: number
  readonly seconds: number
  readonly warmUp: number
  /** Answers of any other status end the bench. */
  readonly status: 200 | 201
} & ({ readonly visitsOf: readonly string[] } | { readonly paths: readonly string[] })

export type Answered = { readonly perSecond: number }

const requests = (load: Load): (() => string) => {
  const { host } = new URL(load.address)
  const lines = `HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${load.token}\r\n`
  let number = 0
  if ('paths' in load) {
    const { paths } = load
    return () => `GET ${paths[number++ % paths.length]} ${lines}\r\n`
  }
  const families = load.visitsOf
  return () => {
    number += 1
    const body = JSON.stringify(visitBody(number, families[(number * 7_919) % families.length]))
    const head = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
    return `POST /v1/visits/${uuidV7()}/record ${lines}${head}\r\n${body}`
  }
}

const END_OF_HEAD = '\r\n\r\n'

/** One request after the other on one connection; `answered` after each. */
const keepAsking = (socket: Socket, next: () => string, status: number, answered: () => void) => {
  let head = ''
  let missing = 0
  const begin = (chunk: Buffer): boolean => {
    head += chunk.toString('latin1')
    const end = head.indexOf(END_OF_HEAD)
    if (end < 0) return false
    const length = /^content-length: (\d+)/im.exec(head)?.[1]
    if (!head.startsWith(`HTTP/1.1 ${status} `) || length === undefined)
      throw new Error(`not the answer that was expected: ${head.slice(0, 600)}`)
    missing = Number(length) - (head.length - end - END_OF_HEAD.length)
    head = ''
    return true
  }
  socket.on('data', (chunk) => {
    if (missing > 0) missing -= chunk.length
    else if (!begin(chunk)) return
    if (missing > 0) return
    answered()
    socket.write(next())
  })
  socket.write(next())
}

const run = async (load: Load): Promise<Answered> => {
  const { hostname, port } = new URL(load.address)
  const next = requests(load)
  let answered = 0
  const sockets = Array.from({ length: load.connections }, () =>
    connect({ host: hostname, port: Number(port), noDelay: true }),
  )
  for (const socket of sockets)
    socket.once('connect', () => keepAsking(socket, next, load.status, () => (answered += 1)))
  await sleep(load.warmUp * 1_000)
  process.send?.('warm')
  const before = answered
  const begun = performance.now()
  await sleep(load.seconds * 1_000)
  const perSecond = ((answered - before) * 1_000) / (performance.now() - begun)
  for (const socket of sockets) socket.destroy()
  return { perSecond }
}

process.once('message', async (load: Load) => {
  process.send?.(await run(load))
  process.disconnect?.()
})
