import { once } from 'node:events'
import { openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { filesIn, newStream, visit } from './eventstoredb.ts'

/** Appends once, says so, and when its input ends begins another append and closes. */
const [url = '', directory = ''] = process.argv.slice(2)
const store = await openEventStoreDb({ url, ...filesIn(directory) })
await store.append(newStream(), 'none', [visit()])
process.stdout.write('appended')
process.stdin.resume()
await once(process.stdin, 'end')
store.append(newStream(), 'none', [visit()]).catch(() => undefined)
await store.close()
