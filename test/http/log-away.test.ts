import { performance } from 'node:perf_hooks'
import t from 'tap'
import type { Engine } from '#src/data/engine.ts'
import { startDoubleProcess } from '#test/eventstoredb-double/kit/process.ts'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'

/** Bounded is the promise: an append is tried for nine seconds at most, and a command does little beside. */
const AT_MOST_MS = 20_000

t.test('a cluster that does not answer is a 503 in time; the same key later is the one answer', async (t) => {
  const server = await startDoubleProcess({})
  t.teardown(() => server.stop())
  const door = await openTestDoor(t, { engine: server.url as Engine })
  await door.settled()
  const visit = newId()
  const path = `/v1/visits/${visit}/record`
  const body = { visitors: ['father'], children: 1 }
  const key = { 'idempotency-key': newId() }

  server.freeze()
  const begun = performance.now()
  const away = await door.post('partner', path, body, key)
  t.ok(performance.now() - begun < AT_MOST_MS)
  t.ok(problem(t, away, 503, 'service/unavailable').retryable)
  t.match(away.headers['retry-after'], /^\d+$/)
  server.thaw()

  for (let tries = 0; tries < 20; tries++)
    if ((await door.post('partner', path, body, key)).statusCode < 500) break
  const first = await door.post('partner', path, body, key)
  t.equal(first.headers['idempotency-replayed'], 'true')
  t.equal((await door.system.store.read(`visit-${visit}`)).length, 1)
})
