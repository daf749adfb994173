import { join } from 'node:path'
import type { Size } from './bench.ts'
import { writeFamilies } from './city.ts'
import { drive, type Server, startServer, stopServer } from './driving.ts'

const FAMILIES = 20
const CONNECTIONS = 8

type Entry = Readonly<Record<string, unknown>>
export type Timeline = { readonly familyId: string; readonly entries: readonly Entry[] }

/** Our server over 20 families of so many events. */
export const withFamilies = async <T>(
  size: Size,
  events: number,
  work: (server: Server, families: readonly string[]) => Promise<T>,
): Promise<T> => {
  const families = await writeFamilies(join(size.dir, 'events.db'), FAMILIES, events)
  const server = await startServer('./server.ts', size.dir)
  try {
    return await work(server, families)
  } finally {
    await stopServer(server)
  }
}

export const timelinePath = (familyId: string, query: string): string =>
  `/v1/families/${familyId}/timeline?${query}`

/** Fails unless the page has so many entries. */
export const readTimeline = async (server: Server, path: string, entries: number): Promise<Timeline> => {
  const answer = await fetch(new URL(path, server.address), {
    headers: { authorization: `Bearer ${server.token}` },
  })
  const timeline = (await answer.json()) as Timeline
  if (answer.status !== 200 || timeline.entries.length !== entries)
    throw new Error(`${path}: ${answer.status}, ${timeline.entries?.length} entries`)
  return timeline
}

/** Pages a second of any of these families. */
export const readPages = (server: Server, size: Size, paths: readonly string[]): Promise<number> =>
  drive(server, size, { connections: CONNECTIONS, status: 200, paths })

/** First pages a second of families with so many events, through our server. */
export const pagesPerSecond = (size: Size, events: number, query: string, entries: number): Promise<number> =>
  withFamilies(size, events, async (server, families) => {
    const paths = families.map((familyId) => timelinePath(familyId, query))
    for (const path of paths) await readTimeline(server, path, entries)
    return readPages(server, size, paths)
  })
