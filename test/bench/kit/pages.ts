import { join } from 'node:path'
import type { Size } from './bench.ts'
import { writeFamilies } from './city.ts'
import { drive, type Server, startServer, stopServer } from './driving.ts'
import { SAID } from './story.ts'
import { talksOf, viewingsOf } from './traces.ts'

const FAMILIES = 20
const CONNECTIONS = 8

/** A page of 300 entries; a few of the 360 events are none of their own. */
export const FULL_PAGE = { events: 360, entries: 300, query: 'limit=300' } as const

type Entry = Readonly<Record<string, unknown>>
export type Timeline = { readonly familyId: string; readonly entries: readonly Entry[] }

/** Our server over 20 families of so many events. */
export const withFamilies = async <T>(
  size: Size,
  events: number,
  work: (server: Server, families: readonly string[]) => Promise<T>,
): Promise<T> => {
  const families = await writeFamilies(join(size.dir, 'events.db'), FAMILIES, events)
  return withServer('./server.ts', size, (server) => work(server, families))
}

/** The same families, their texts never sealed, and a server that has the same route once more without its walls. */
export const withBareFamilies = async <T>(
  size: Size,
  events: number,
  work: (server: Server, families: readonly string[]) => Promise<T>,
): Promise<T> => {
  const families = await writeFamilies(join(size.dir, 'events.db'), FAMILIES, events, 'plain')
  return withServer('./unwalled-server.ts', size, (server) => work(server, families))
}

const withServer = async <T>(
  script: './server.ts' | './unwalled-server.ts',
  size: Size,
  work: (server: Server) => Promise<T>,
): Promise<T> => {
  const server = await startServer(script, size.dir)
  try {
    return await work(server)
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

/**
 * First pages a second of families with so many events, through our server. Fails unless what was said lies under seal, is
 * read on every page, and each page was written down before it was answered: the figure is one with all of that.
 */
export const pagesPerSecond = (size: Size, events: number, query: string, entries: number): Promise<number> =>
  withFamilies(size, events, async (server, families) => {
    const { sealed, plain } = await talksOf(size.dir)
    if (sealed === 0 || plain > 0) throw new Error(`${sealed} talks under seal, ${plain} not`)
    const paths = families.map((familyId) => timelinePath(familyId, query))
    for (const path of paths) {
      const page = await readTimeline(server, path, entries)
      if (!page.entries.some(({ summary }) => String(summary).includes(SAID)))
        throw new Error(`${path}: not opened`)
    }
    const before = await viewingsOf(size.dir, families)
    const rate = await readPages(server, size, paths)
    const written = (await viewingsOf(size.dir, families)) - before
    if (written < Math.floor(rate * size.seconds))
      throw new Error(`${rate} pages a second, but only ${written} readings were written down`)
    return rate
  })
