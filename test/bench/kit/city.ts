import { dirname } from 'node:path'
import { catalogue } from '#domain/events.ts'
import type { Catalogue, StreamName } from '#domain/kernel/event.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import { type Keyring, type Plain, SEAL } from '#domain/kernel/keyring.ts'
import { toSeal } from '#domain/kernel/sealing.ts'
import { type Entry, toEntry } from '#infra/event-store/entry.ts'
import { idBytes } from '#infra/event-store/event-id.ts'
import { openForWriting } from '#infra/event-store/sqlite/connection.ts'
import { keyAccess, openKeys } from '#src/data/keys.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { story } from './story.ts'

/** Families that come and go beside each other, so that one family's events lie far apart in the log. */
const FAMILIES_AT_ONCE = 500
const EVENTS_PER_COMMIT = 10_000
const STARTS = 12

const UUID = /([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/

type Told = readonly [stream: string, version: number, entry: Entry]

/** A story that can be told of any family: the same text with other ids. */
type Pattern = readonly {
  readonly parts: readonly string[]
  readonly version: number
  readonly schemaVersion: number
}[]

const SEPARATOR = '\u0000'

const patternOf = (events: readonly Stored[]): Pattern =>
  events.map((event) => {
    const [id, type, schemaVersion, recordedAt, metadata, data] = toEntry(event)
    const text = [event.stream, id, type, recordedAt, metadata, data].join(SEPARATOR)
    return { parts: text.split(UUID), version: event.version, schemaVersion }
  })

/** Every second part is an id. */
const tellings = (pattern: Pattern): (() => Told | undefined) => {
  const ids = new Map<string, string>()
  const own = (id: string): string => {
    const known = ids.get(id) ?? uuidV7()
    ids.set(id, known)
    return known
  }
  let next = 0
  return () => {
    const event = pattern[next++]
    if (!event) return undefined
    const text = event.parts.map((part, index) => (index % 2 === 1 ? own(part) : part)).join('')
    const [stream = '', id = '', type = '', recordedAt = '', metadata = '', data = ''] = text.split(SEPARATOR)
    return [stream, event.version, [id, type, event.schemaVersion, recordedAt, metadata, data]]
  }
}

/** The log of many families, 50 events each, beside each other. */
function* manyFamilies(patterns: readonly Pattern[], count: number): Generator<Told> {
  let begun = 0
  const begin = () => tellings(patterns[begun++ % patterns.length] ?? [])
  const families = Array.from({ length: Math.min(FAMILIES_AT_ONCE, Math.ceil(count / 50)) }, begin)
  for (let told = 0; told < count; ) {
    const place = (told * 7_919) % families.length
    const event = families[place]?.()
    if (event) {
      yield event
      told += 1
    } else families[place] = begin()
  }
}

const PLACE = /"\\u007f#(\d+)"|"\u007f#(\d+)"/g

/** A page as the write path would have sealed it, with one visit to the key file instead of one for each family. */
const sealed = (page: readonly Told[], keyring: Keyring): readonly Told[] => {
  const plains: Plain[] = []
  const marking: Pick<Keyring, 'seal'> = {
    seal: (values) => values.map((value) => `${SEAL}#${plains.push(value) - 1}`),
  }
  const marked = page.map(
    ([stream, version, [id, type, schemaVersion, recordedAt, metadata, data]]): Told => {
      const event = {
        id,
        type,
        schemaVersion,
        recordedAt,
        metadata: JSON.parse(metadata),
        data: JSON.parse(data),
      }
      const spec = (catalogue as Catalogue)[type]
      return [
        stream,
        version,
        toEntry(spec ? toSeal(event, spec, stream as StreamName).under(marking) : event),
      ]
    },
  )
  const values = keyring.seal(plains)
  const filled = (text: string) =>
    text.replaceAll(PLACE, (_, escaped, raw) => JSON.stringify(values[Number(escaped ?? raw)]))
  return marked.map(([stream, version, [id, type, schemaVersion, recordedAt, metadata, data]]) => [
    stream,
    version,
    [id, type, schemaVersion, recordedAt, filled(metadata), filled(data)],
  ])
}

/** As the write path keeps them, or as they were told: what sealing costs is what the one lacks of the other. */
type Texts = 'sealed' | 'plain'

/** As the writer would have written it, without waiting for the disk at every commit. */
const writeLog = (file: string, events: Iterable<Told>, texts: Texts = 'sealed'): void => {
  const db = openForWriting(file, 5_000)
  try {
    db.pragma('synchronous = OFF')
    db.pragma('wal_autocheckpoint = 16000')
    const insert = db.prepare(
      `INSERT INTO event (position, stream, version, id, type, schema_version, recorded_at, metadata, data)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    let position = db.prepare<[], number>('SELECT coalesce(max(position), 0) FROM event').pluck().get() ?? 0
    const keyring = openKeys(keyAccess(dirname(file)))
    const writeAll = db.transaction((page: readonly Told[]) => {
      for (const [stream, version, [id, ...rest]] of texts === 'plain' ? page : sealed(page, keyring))
        insert.run(++position, stream, version, idBytes(id), ...rest)
    })
    let page: Told[] = []
    for (const event of events) {
      page.push(event)
      if (page.length < EVENTS_PER_COMMIT) continue
      writeAll(page)
      page = []
    }
    writeAll(page)
    keyring.close()
  } finally {
    db.close()
  }
}

const starts = (): readonly string[] =>
  Array.from({ length: STARTS }, (_, month) =>
    new Date(Date.UTC(2019 + (month % 4), month, 4, 1)).toISOString(),
  )

/** A log of `count` events about `count / 50` families. */
export const writeCity = async (file: string, count: number): Promise<void> => {
  const patterns = await Promise.all(starts().map(async (start) => patternOf(await story(50, start))))
  writeLog(file, manyFamilies(patterns, count))
}

/** Families of `count` events each, all living through the same days; answers their ids. */
export const writeFamilies = async (
  file: string,
  families: number,
  count: number,
  texts?: Texts,
): Promise<readonly string[]> => {
  const pattern = patternOf(await story(count))
  const tellers = Array.from({ length: families }, () => tellings(pattern))
  const ids: string[] = []
  function* all(): Generator<Told> {
    for (let event = 0; event < count; event++)
      for (const next of tellers) {
        const told = next()
        if (!told) return
        if (event === 0) ids.push(told[0].slice('family-'.length))
        yield told
      }
  }
  writeLog(file, all(), texts)
  return ids
}
