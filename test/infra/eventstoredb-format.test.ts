import type { ResolvedEvent } from '@eventstore/db-client'
import t from 'tap'
import { openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { connect } from '#infra/eventstoredb/connection.ts'
import { event, newStream } from '#test/contract/event-store.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'

t.test('an event looks to EventStoreDB’s own tools as they expect it', async (t) => {
  const double = await startDouble()
  t.teardown(() => double.stop())
  const store = await openEventStoreDb({ url: double.url, replicaFile: `${t.testdir()}/replica.db` })
  t.teardown(() => store.close())
  const stream = newStream()
  const written = event({ note: '来所', children: 2 })
  await store.append(stream, 'none', [written])

  const connection = connect({ url: double.url })
  t.teardown(() => connection.close())
  const [raw] = await connection.read<ResolvedEvent>((client) => client.readStream(stream))
  const { id, type, isJson, data, metadata, streamId } = raw?.event ?? {}
  t.strictSame(
    { id, type, isJson, data },
    { id: written.id, type: 'VisitRecorded', isJson: true, data: written.data },
  )
  t.match(streamId, /^visit-/, 'the category before the first hyphen')
  const { correlationId, causationId, ...rest } = written.metadata
  t.strictSame(metadata, {
    $correlationId: correlationId,
    $causationId: causationId,
    schemaVersion: 1,
    recordedAt: written.recordedAt,
    ...rest,
  })
})
