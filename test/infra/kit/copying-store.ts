import { openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { filesIn } from './eventstoredb.ts'

/** Copies the log into the directory and says how far it is, until it is killed. */
const [url = '', directory = ''] = process.argv.slice(2)
const store = await openEventStoreDb({ url, ...filesIn(directory) })
for await (const { events } of store.follow(0n, new AbortController().signal))
  process.stdout.write(`${events.at(-1)?.position ?? 0}\n`)
