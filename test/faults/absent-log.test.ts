import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { readConfig } from '#src/config.ts'
import type { Engine } from '#src/data/engine.ts'
import { startNode } from '#src/node.ts'
import { startSystem } from '#src/system.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'
import { startDoubleProcess } from '#test/eventstoredb-double/kit/process.ts'
import { silent } from '#test/kit/running-system.ts'
import { eventually } from './kit/node.ts'

/** After it, whoever still wanted to follow the log would have come back. */
const AGAIN_MS = 4_000
const KEY_ENCRYPTION_KEY = randomBytes(32).toString('base64')

await t.test('a log that stops answering in the middle of a start leaves nothing open', async (t) => {
  const double = await startDouble()
  t.teardown(() => double.stop())
  const start = () =>
    startSystem({
      dataDir: t.testdirName,
      engine: double.url as Engine,
      log: silent,
      keyEncryptionKey: KEY_ENCRYPTION_KEY,
      tickMs: 0,
    })
  t.testdir()
  // The name of the log, and the first key; the directory of places cannot be written.
  let isRefusing = false
  const watching = setInterval(() => {
    if (isRefusing || double.appendsSeen() <= 2) return
    isRefusing = true
    double.misbehave.refuseAsUnavailable({ methods: ['BatchAppend', 'Append'] })
    double.misbehave.dropConnections()
  }, 1)
  await t.rejects(start(), StoreUnavailable)
  clearInterval(watching)
  t.ok(isRefusing)
  await pause(AGAIN_MS)
  t.strictSame(double.openCalls(), [], 'nobody follows the log')

  double.misbehave.behave()
  const system = await start()
  t.ok(await system.projector.reached(await system.store.head(), 10_000), 'the next attempt succeeds')
  await system.stop()
})

await t.test('a node that starts before its log does waits for it', async (t) => {
  const double = await startDoubleProcess({ dataFile: `${t.testdir()}/server.log` })
  t.teardown(() => double.stop())
  await double.kill()
  const said: string[] = []
  const log = { ...silent, warn: (_: object, text: string) => void said.push(text) }
  const environment = { EVENT_STORE: double.url, KEY_ENCRYPTION_KEY, DATA_DIR: `${t.testdirName}/node` }
  const starting = startNode(readConfig(environment, 'data'), log)
  const isWaiting = () => said.filter((text) => text.startsWith('the log does not answer')).length > 1
  await eventually('it says that it waits', isWaiting, 30_000)
  await double.restart()
  const node = await starting
  t.teardown(() => node.stop())
  t.ok((await node.system.store.head()) > 0n, 'it has begun')
})
