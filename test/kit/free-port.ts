import { once } from 'node:events'
import { createServer } from 'node:net'

/** Free a moment ago. For programs that must come back at the same place after they were killed. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
