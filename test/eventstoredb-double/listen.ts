import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Server, ServerCredentials } from '@grpc/grpc-js'

/**
 * Accepts the connections itself and hands them to the gRPC server, which has no way to cut a
 * connection off without saying goodbye.
 */
export const listen = async (server: Server, credentials: ServerCredentials, port: number) => {
  const injector = server.createConnectionInjector(credentials)
  const sockets = new Set<Socket>()
  const acceptor = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    injector.injectConnection(socket)
  })
  acceptor.listen(port, '127.0.0.1')
  await once(acceptor, 'listening')
  const address = acceptor.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')

  const cutSockets = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    cutSockets,
    async stop(): Promise<void> {
      const closed = once(acceptor, 'close')
      acceptor.close()
      cutSockets()
      server.forceShutdown()
      await closed
    },
  }
}
