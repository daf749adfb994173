import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { eventStoreContract } from '#test/contract/event-store.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'

const directory = t.testdir()

const contract = (name: string, url: string) => {
  const files = randomUUID()
  return eventStoreContract(
    t,
    name,
    async (_, log) =>
      await openEventStoreDb({
        url,
        replicaFile: join(directory, files, log, 'replica.db'),
      }),
    { keeps: true },
  )
}

const double = await startDouble()
t.teardown(() => double.stop())
await contract('eventstoredb', double.url)

const server = process.env.EVENTSTORE_URL
if (server) await contract('a real EventStoreDB', server)
else
  await t.test(
    'a real EventStoreDB',
    {
      skip: 'EVENTSTORE_URL names no server: one has to be started beside the tests (docker compose up), they cannot install it',
    },
    () => undefined,
  )
