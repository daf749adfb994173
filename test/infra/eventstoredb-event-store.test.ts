import { join } from 'node:path'
import t from 'tap'
import { openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { eventStoreContract } from '#test/contract/event-store.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'

const directory = t.testdir()
const double = await startDouble()
t.teardown(() => double.stop())

await eventStoreContract(
  t,
  'eventstoredb',
  async (_, log) =>
    await openEventStoreDb({
      url: double.url,
      replicaFile: join(directory, log, 'replica.db'),
    }),
  { keeps: true },
)
