import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { openReplicaFile } from '#infra/event-store/eventstoredb/replica/file.ts'
import { LogDiffers } from '#infra/event-store/log-differs.ts'
import { times, until } from '#test/eventstoredb-double/kit/client.ts'
import { startDoubleProcess } from '#test/eventstoredb-double/kit/process.ts'
import {
  collect,
  filesIn,
  newDirectory,
  newStream,
  openStore,
  startHere,
  startOwnProcess,
  timed,
  visit,
} from './kit/eventstoredb.ts'

const copying = (url: string, directory: string) =>
  spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('./kit/copying-store.ts', import.meta.url)), url, directory],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  )

await t.test('a node that is killed in the middle of copying goes on where it was', async (t) => {
  const { double, store: writer } = await startHere(t)
  const [stream, directory] = [newStream(), newDirectory(t)]
  const events = times(4_000, visit)
  for (let n = 0; n < events.length; n += 500)
    await writer.append(stream, n === 0 ? 'none' : n, events.slice(n, n + 500))
  const child = copying(double.url, directory)
  const gone = once(child, 'exit')
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await gone
  const file = openReplicaFile(filesIn(directory).replicaFile)
  const kept = file.newest()?.position ?? 0n
  file.close()
  t.comment(`killed when its copy had come to ${kept}`)
  t.ok(kept > 0n)
  const pushed = double.messagesPushed()
  const store = await openStore(t, double, { directory })
  t.ok(store.replica.position() >= kept)
  t.equal((await store.after(0n, 5_000)).length, 4_000)
  const missing = (await store.after(kept, 5_000)).length
  t.ok(double.messagesPushed() - pushed < missing + 200, 'what was there was not sent again')
})

await t.test('two processes in one directory do no harm', async (t) => {
  const { double, store } = await startHere(t)
  const directory = newDirectory(t)
  const children = [copying(double.url, directory), copying(double.url, directory)]
  for (const child of children) t.teardown(() => child.kill('SIGKILL'))
  await Promise.all(children.map(({ stdout }) => once(stdout, 'data')))
  const [first, second] = await Promise.all([
    openStore(t, double, { directory }),
    openStore(t, double, { directory }),
  ])
  const followed = [collect(t, first), collect(t, second)]
  const events = times(200, visit)
  for (const [n, event] of events.entries())
    await [store, first, second][n % 3]?.append(newStream(), 'none', [event])
  for (const { ids } of followed) {
    await until(() => ids().length >= 200)
    t.strictSame(
      ids(),
      events.map(({ id }) => id),
    )
  }
  for (const child of children) t.equal(child.exitCode, null)
})

await t.test('a directory of another log is refused', async (t) => {
  const { store, double } = await startHere(t)
  const directory = newDirectory(t)
  const mine = await openStore(t, double, { directory })
  await store.append(newStream(), 'none', [visit()])
  await mine.close()
  const { double: other } = await startHere(t)
  await t.rejects(openStore(t, other, { directory }), LogDiffers)
  t.equal(await (await openStore(t, double, { directory })).head(), await store.head())
})

await t.test('a server restored from an older backup is refused, with the position', async (t) => {
  const directory = newDirectory(t)
  const [dataFile, backup] = [join(directory, 'server'), join(directory, 'backup')]
  const double = await startOwnProcess(t, { dataFile })
  const store = await openStore(t, double, { directory })
  await store.append(newStream(), 'none', [visit()])
  cpSync(dataFile, backup)
  const lost = visit()
  const { position } = await store.append(newStream(), 'none', [lost])
  await store.after(0n, 1)
  await store.close()
  await double.kill()
  for (const grown of [false, true]) {
    const restored = await startDoubleProcess({ dataFile: backup })
    t.teardown(() => restored.kill())
    if (grown) await (await openStore(t, restored)).append(newStream(), 'none', [visit('other')])
    const message = new RegExp(`position ${position} .*${lost.id}`)
    await t.rejects(openStore(t, restored, { directory }), { name: 'LogDiffers', message })
    await restored.kill()
  }
  const again = await startDoubleProcess({ dataFile })
  t.teardown(() => again.kill())
  t.equal(await (await openStore(t, again, { directory })).head(), position)
})

await t.test('an identity that was written only in part is not another log', async (t) => {
  const { double } = await startHere(t)
  const directory = newDirectory(t)
  writeFileSync(filesIn(directory).identityFile, '')
  await openStore(t, double, { directory })
  t.match(readFileSync(filesIn(directory).identityFile, 'utf8'), /^[0-9a-f-]{36}\n$/)
})

await t.test(
  'a server killed under many appends: what it acknowledged is there once, the rest at most once',
  async (t) => {
    const directory = newDirectory(t)
    const double = await startOwnProcess(t, { dataFile: join(directory, 'server') })
    const store = await openStore(t, double)
    const followed = collect(t, store)
    const events = times(600, visit)
    let answered = 0
    const appends = events.map(async (event, n) => {
      await new Promise((resolve) => setTimeout(resolve, n * 2))
      const done = await timed(store.append(`visit-${event.id}`, n % 2 ? 'none' : 'any', [event]))
      if (done.result?.status === 'fulfilled') answered += 1
      return done
    })
    await until(() => answered > 100)
    await double.kill()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await double.restart()
    const done = await Promise.all(appends)
    t.comment(`${done.filter(({ result }) => result?.status === 'rejected').length} were not acknowledged`)
    t.ok(done.every(({ ms }) => ms < 12_000))
    await until(async () => (await timed(store.read('visit-none'))).result.status === 'fulfilled')
    for (const [n, event] of events.entries()) {
      const there = (await store.read(`visit-${event.id}`)).length
      t.ok(done[n]?.result.status === 'fulfilled' ? there === 1 : there <= 1)
      t.match(await store.append(`visit-${event.id}`, 'any', [event]), { version: 1 })
    }
    await until(() => followed.events.length >= 600)
    t.equal(followed.events.length, 600)
    t.equal(new Set(followed.ids()).size, 600)
  },
)
