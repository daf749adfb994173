import { randomBytes } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import t from 'tap'
import { keyFile } from '#src/keys.ts'
import { makeLog } from '#src/log.ts'
import { startSystem } from '#src/system.ts'
import { openTestDoor } from '#test/kit/door.ts'
import { registerFamily } from '#test/kit/door-story.ts'

const log = makeLog('silent')

t.test('without its key file, or with another one, a log is not opened: it says what to do', async (t) => {
  const door = await openTestDoor(t, { engine: 'sqlite' })
  await registerFamily(door)
  await door.stop()
  const { dataDir } = door
  const file = keyFile(dataDir)
  const start = (keyEncryptionKey?: string) =>
    startSystem({ dataDir, engine: 'sqlite', log, tickMs: 0, keyEncryptionKey })

  renameSync(file, `${file}.away`)
  await t.rejects(start(), {
    name: 'KeysDoNotFit',
    message: /is missing, and the event log holds personal data/,
  })
  t.notOk(existsSync(file), 'no empty one is left in its place')
  await t.rejects(start(), /is missing/, 'and again')

  const elsewhere = await startSystem({ dataDir: t.testdir(), engine: 'sqlite', log, tickMs: 0 })
  await elsewhere.stop()
  renameSync(keyFile(t.testdirName), file)
  const kek = `${dataDir}/dev-key-encryption-key`
  renameSync(kek, `${kek}.away`)
  renameSync(`${t.testdirName}/dev-key-encryption-key`, kek)
  await t.rejects(start(), { name: 'KeysDoNotFit', message: /are not those of this event log/ })

  rmSync(file)
  renameSync(`${file}.away`, file)
  await t.rejects(start(randomBytes(32).toString('base64')), {
    name: 'KeyMissing',
    message: /another key-encryption key/,
  })
  renameSync(`${kek}.away`, kek)
  const system = await start()
  t.ok(system)
  await system.stop()
})
