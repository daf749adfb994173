import { randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import t from 'tap'
import { eventLogFile, processesFile, readModelFile } from '#src/data/files.ts'
import { keyFile } from '#src/data/keys.ts'
import { makeLog } from '#src/log.ts'
import { startSystem } from '#src/system.ts'
import { openTestDoor } from '#test/kit/door.ts'
import { eraseFamily, recordVisit, registerFamily } from '#test/kit/door-story.ts'

const silent = makeLog('silent')

t.test('without its key file, or with another one, a log is not opened: it says what to do', async (t) => {
  const door = await openTestDoor(t, { engine: 'sqlite' })
  await registerFamily(door)
  await door.stop()
  const { dataDir } = door
  const file = keyFile(dataDir)
  const start = (keyEncryptionKey?: string) =>
    startSystem({ dataDir, engine: 'sqlite', log: silent, tickMs: 0, keyEncryptionKey })

  renameSync(file, `${file}.away`)
  await t.rejects(start(), {
    name: 'KeysDoNotFit',
    message: /is missing, and the event log holds personal data/,
  })
  t.notOk(existsSync(file), 'no empty one is left in its place')
  await t.rejects(start(), /is missing/, 'and again')

  const elsewhere = await startSystem({ dataDir: t.testdir(), engine: 'sqlite', log: silent, tickMs: 0 })
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

const backedUp = async (file: string, as = `${file}.backup`): Promise<string> => {
  const keys = new Database(file)
  await keys.backup(as)
  keys.close()
  return as
}
const putBack = (file: string, backup: string): void => {
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true })
  copyFileSync(backup, file)
}

t.test(
  'with an older copy of its key file, which lacks the keys of newer families, it says so',
  async (t) => {
    const door = await openTestDoor(t, { engine: 'sqlite' })
    await registerFamily(door)
    const { dataDir } = door
    const file = keyFile(dataDir)
    const backup = await backedUp(file)
    await registerFamily(door)
    await door.stop()
    const newest = await backedUp(file, `${file}.newest`)
    putBack(file, backup)
    const start = async () => {
      const system = await startSystem({ dataDir, engine: 'sqlite', log: silent, tickMs: 0 })
      await system.stop()
    }
    await t.rejects(start(), {
      name: 'KeysDoNotFit',
      message: /are not those of this event log, or not all of them/,
    })
    putBack(file, newest)
    await t.resolves(start())
  },
)

t.test('keys that were destroyed are not missing, nor those of a copy that has them all', async (t) => {
  const door = await openTestDoor(t, { engine: 'sqlite' })
  const [gone, stays] = [await registerFamily(door), await registerFamily(door)]
  await recordVisit(door, gone, { toldBy: '祖母' })
  const { dataDir } = door
  const backup = await backedUp(keyFile(dataDir))
  await eraseFamily(door, gone.id)
  await door.stop()
  const start = () => startSystem({ dataDir, engine: 'sqlite', log: silent, tickMs: 0 })
  const after = await start()
  t.ok(after.keyring.destroyed(gone.id))
  await after.stop()
  putBack(keyFile(dataDir), backup)
  const again = await start()
  t.ok(await again.eraser.done(await again.store.head(), 5_000))
  t.ok(again.keyring.destroyed(gone.id))
  t.notOk(again.keyring.destroyed(stays.id))
  await again.stop()
})

t.test('an older log beside newer views is not opened; the keys go on from where it ends', async (t) => {
  const door = await openTestDoor(t, { engine: 'sqlite' })
  const gone = await registerFamily(door)
  await eraseFamily(door, gone.id)
  await door.settled()
  const log = eventLogFile(door.dataDir)
  const older = await backedUp(log)
  await recordVisit(door, await registerFamily(door))
  await door.settled()
  t.ok(await door.system.eraser.done(await door.system.store.head(), 10_000))
  door.system.keyring.noteErasedUpTo(await door.system.store.head())
  await door.stop()
  putBack(log, older)

  const start = () => startSystem({ dataDir: door.dataDir, engine: 'sqlite', log: silent, tickMs: 0 })
  await t.rejects(start(), { name: 'LogDiffers', message: /read-models\.db and .*processes\.db .*seen more/ })
  for (const file of [readModelFile(door.dataDir), processesFile(door.dataDir)])
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
  const system = await start()
  t.teardown(() => system.stop())
  t.ok(system.keyring.erasedUpTo() <= (await system.store.head()), 'not as far as the log that is gone')
  t.ok(system.keyring.erasedUpTo() > 0n, 'nor from the beginning')
  t.ok(await system.eraser.done(await system.store.head(), 10_000))
  t.ok(system.keyring.destroyed(gone.id))
})
