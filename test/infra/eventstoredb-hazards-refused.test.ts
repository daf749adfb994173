import { join } from 'node:path'
import t from 'tap'
import { startDouble } from '#test/eventstoredb-double/double.ts'
import { makeCertificate } from '#test/eventstoredb-double/kit/certificate.ts'
import { connect, failureOf, visit as raw, times } from '#test/eventstoredb-double/kit/client.ts'
import { newStream, nothingGoesUnheard, openStore, startHere, visit } from './kit/eventstoredb.ts'

await t.test('what cannot be written is said at once, and the next append goes through', async (t) => {
  const { store } = await startHere(t, { double: { maxAppendSize: 1024 * 1024 } })
  const circle: Record<string, unknown> = {}
  circle.itself = circle
  await t.rejects(store.append(newStream(), 'none', [visit(10n)]), TypeError)
  await t.rejects(store.append(newStream(), 'none', [visit(circle)]), TypeError)
  await t.rejects(store.append(newStream(), 'none', [visit('x'.repeat(18 * 1024 * 1024))]), RangeError)
  await t.rejects(store.append(newStream(), 'none', [visit('x'.repeat(2 * 1024 * 1024))]), RangeError)
  const four = times(4, () => visit('x'.repeat(5 * 1024 * 1024)))
  await t.rejects(store.append(newStream(), 'none', four), RangeError)
  t.match(await store.append(newStream(), 'none', [visit()]), { version: 1 })
})

await t.test('who is not let in is told so, and asks once', async (t) => {
  const certificate = makeCertificate(t.testdir())
  const credentials = { username: 'tsunagi', password: 'p@ss/word' }
  nothingGoesUnheard(t)
  const double = await startDouble({ certificate, credentials })
  t.teardown(() => double.stop())
  const as = (user: string) => double.url.replace('esdb://', `esdb://${user}@`)
  const store = await openStore(t, { url: as('tsunagi:p%40ss%2Fword') })
  t.match(await store.append(newStream(), 'none', [visit()]), { version: 1 })
  const calls = double.callsMade().length
  for (const url of [double.url, as('tsunagi:wrong')])
    await t.rejects(openStore(t, { url }), { name: 'StoreUnavailable', message: /access.*denied/i })
  t.ok(double.callsMade().length - calls <= 4)
  const stranger = connect(t, as('tsunagi:wrong'))
  t.match(await failureOf(stranger.appendToStream(newStream(), raw())), { type: 'access-denied' })
})

await t.test('an address that is none is named as such, without the password', async (t) => {
  const file = join(t.testdir(), 'missing.pem')
  for (const url of ['http://tsunagi:secret@127.0.0.1:1', 'esdb://tsunagi:secret@host:port?tls=false', ''])
    await t.rejects(openStore(t, { url }), { name: 'TypeError', message: /^(?!.*secret).*EventStoreDB/s })
  const url = `esdb://127.0.0.1:1?tls=true&tlsCAFile=${encodeURIComponent(file)}`
  await t.rejects(openStore(t, { url }), { name: 'TypeError', message: /certificate file/ })
})
