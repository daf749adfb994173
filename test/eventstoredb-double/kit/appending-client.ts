import { EventStoreDBClient } from '@eventstore/db-client'
import { failureOf, newStream, visit } from './client.ts'

const client = EventStoreDBClient.connectionString(process.argv[2] ?? '')
const failure = await failureOf(client.appendToStream(newStream(), visit()))
process.stdout.write(failure === undefined ? 'appended' : 'refused')
await client.dispose()
