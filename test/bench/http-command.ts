import { join } from 'node:path'
import { atLeast, type Bench, FULL, type Size } from './kit/bench.ts'
import { writeFamilies } from './kit/city.ts'
import { drive, type Server, startServer, stopServer } from './kit/driving.ts'
import { FAMILIES } from './kit/write-side.ts'

const CONNECTIONS = 64

/** Visits of families that the hub knows, recorded over 64 connections. */
export const driveVisits = async (
  size: Size,
  script: './server.ts' | './plain-server.ts',
  during?: (server: Server) => void,
  after?: (server: Server) => Promise<number>,
): Promise<number> => {
  const visitsOf = await writeFamilies(join(size.dir, 'events.db'), FAMILIES, 1)
  const server = script === './server.ts' ? await startServer(script, size.dir) : await startServer(script)
  const rate = await drive(server, size, { connections: CONNECTIONS, status: 201, visitsOf }, () =>
    during?.(server),
  )
  const figure = (await after?.(server)) ?? rate
  await stopServer(server)
  return figure
}

export const httpCommand: Bench = {
  name: 'http.command',
  unit: 'requests/s',
  target: atLeast(0.4),
  durability: FULL,
  ours: (size) => driveVisits(size, './server.ts'),
  against: {
    name: 'Fastify and zod, the same body, nothing stored',
    run: (size) => driveVisits(size, './plain-server.ts'),
  },
}
