import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { event, newStream } from '#test/contract/event-store.ts'

/**
 * A process that appends and says what was acknowledged, for tests that do something to it meanwhile.
 * Each writer continues one stream in appends of one to three events.
 */
const [file = '', events = '0', writers = '1'] = process.argv.slice(2)

// Synchronous and whole: a line says "acknowledged", so it may be neither early nor torn by the kill.
const say = (line: string) => writeSync(1, `${line}\n`)

const store = await openSqliteEventStore({ file })
say('ready')
let left = Number(events)

const write = async () => {
  let stream = newStream()
  let version = 0
  while (left > 0) {
    const batch = Array.from({ length: 1 + (version % 3) }, () => event({ note: randomUUID() }))
    left -= batch.length
    try {
      version = (await store.append(stream, version, batch)).version
    } catch (error) {
      say(`refused ${error instanceof Error ? error.name : error}`)
      continue
    }
    say(`acknowledged ${batch.map(({ id }) => id).join(' ')}`)
    if (version > 50) [stream, version] = [newStream(), 0]
  }
}

await Promise.all(Array.from({ length: Number(writers) }, write))
await store.close()
say('done')
