import { EventStoreDBClient } from '@eventstore/db-client'
import t from 'tap'
import { makeCertificate } from './kit/certificate.ts'
import { collect, connect, failureOf, newStream, startHere, visit } from './kit/client.ts'
import { startDoubleProcess } from './kit/process.ts'

const staff = { username: 'tsunagi', password: 'p@ss/word' }

const withStaff = (url: string, { username, password }: typeof staff) =>
  url.replace('esdb://', `esdb://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`)

await t.test('over TLS it answers who trusts its authority and shows the right credentials', async (t) => {
  const certificate = makeCertificate(t.testdir())
  for (const batchAppend of [true, false]) {
    const { double } = await startHere(t, { certificate, credentials: staff, batchAppend })
    const client = connect(t, withStaff(double.url, staff))
    const stream = newStream()
    await client.appendToStream(stream, visit())
    t.equal((await collect(client.readStream(stream))).length, 1)

    for (const url of [double.url, withStaff(double.url, { ...staff, password: 'wrong' })]) {
      const stranger = connect(t, url)
      const denied = { type: 'access-denied' }
      t.match(await failureOf(stranger.appendToStream(stream, visit())), denied)
      t.match(await failureOf(collect(stranger.readStream(stream))), denied)
      t.match(await failureOf(collect(stranger.subscribeToAll())), denied)
      t.match(await failureOf(stranger.deleteStream(stream)), denied)
    }
    t.equal((await collect(client.readStream(stream))).length, 1)
  }
})

await t.test('who does not trust its authority does not connect, nor who speaks no TLS', async (t) => {
  const { double } = await startHere(t, { certificate: makeCertificate(t.testdir()) })
  for (const tls of [true, false]) {
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${double.port}?tls=${tls}`)
    t.match(await failureOf(client.appendToStream(newStream(), visit())), { code: 14 })
  }
  t.strictSame(double.callsMade(), [])
})

await t.test('the process of its own speaks TLS, too', async (t) => {
  const double = await startDoubleProcess({ certificate: makeCertificate(t.testdir()), credentials: staff })
  t.teardown(() => double.kill())
  t.ok((await connect(t, withStaff(double.url, staff)).appendToStream(newStream(), visit())).success)
})
