import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { openReadStoreWriter } from '#infra/read-store/writer.ts'
import { startRunner } from '#src/projector/runner.ts'
import { decode, notes, tally } from './notes.ts'
import { listening } from './running.ts'

/** A process that folds and rebuilds until it is killed; says so when it has done it all. */
const [eventLog = '', file = ''] = process.argv.slice(2)
const store = await openSqliteEventStore({ file: eventLog, readOnly: true })
const writer = openReadStoreWriter({ file })
const runner = startRunner({ store, writer, projections: [notes, tally], decode, log: listening().log })
await runner.reached(await store.head(), 60_000)
process.stdout.write('built\n')
for (;;) await runner.rebuild()
