import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { times, until } from '#test/eventstoredb-double/kit/client.ts'
import {
  collect,
  isUnavailable,
  newDirectory,
  newStream,
  openStore,
  startOwnProcess,
  timed,
  visit,
} from './kit/eventstoredb.ts'

const FROZEN_MS = 40_000
const LONGEST_APPEND_MS = 12_000
const LONGEST_READ_MS = 8_000

await t.test('a server frozen for forty seconds: every call ends, and all resumes by itself', async (t) => {
  const double = await startOwnProcess(t)
  const store = await openStore(t, double)
  const followed = collect(t, store)
  const stream = newStream()
  await store.append(stream, 'none', [visit('before')])
  const tried: ReturnType<typeof visit>[] = []
  const calls: { readonly name: string; readonly done: Awaited<ReturnType<typeof timed>> }[] = []

  const frozen = performance.now()
  double.freeze()
  const keepAsking = async (name: string, ask: () => Promise<unknown>): Promise<void> => {
    while (performance.now() - frozen < FROZEN_MS - 1_000) {
      const done = await timed(ask())
      calls.push({ name, done })
      await sleep(Math.max(20, 200 - done.ms))
    }
  }
  const append = () => {
    const event = visit('during')
    tried.push(event)
    return store.append(`visit-${event.id}`, 'none', [event])
  }
  const asking = [
    ...times(40, () => keepAsking('append', append)),
    keepAsking('append at any version', () => store.append(newStream(), 'any', [visit('any')])),
    ...times(100, () => keepAsking('read', () => store.read(stream))),
    keepAsking('head', () => store.head()),
  ]
  await sleep(FROZEN_MS)
  double.thaw()
  const thawed = performance.now()
  await Promise.all(asking)

  const longest = (of: RegExp) =>
    Math.round(Math.max(...calls.filter(({ name }) => of.test(name)).map(({ done }) => done.ms)))
  const appendMs = longest(/append/)
  const readMs = longest(/read|head/)
  t.comment(`${calls.length} calls; longest append ${appendMs} ms, longest read ${readMs} ms`)
  t.ok(appendMs < LONGEST_APPEND_MS)
  t.ok(readMs < LONGEST_READ_MS)
  const early = calls.filter(({ done }) => done.ms < FROZEN_MS / 4)
  t.ok(early.every(({ done }) => isUnavailable(done) || done.result.status === 'fulfilled'))

  await until(async () => !isUnavailable(await timed(store.append(newStream(), 'none', [visit('after')]))))
  t.comment(`appends go through ${Math.round(performance.now() - thawed)} ms after it is back`)
  await until(async () => !isUnavailable(await timed(store.read(stream))))
  for (const event of tried) t.match(await store.append(`visit-${event.id}`, 'none', [event]), { version: 1 })
  await until(() => tried.every(({ id }) => followed.ids().includes(id)))
  t.equal(new Set(followed.ids()).size, followed.ids().length, 'nothing came twice')
})

await t.test('a store is closed within seconds while its server is frozen, or gone', async (t) => {
  const double = await startOwnProcess(t)
  for (const end of [double.freeze, double.kill]) {
    const store = await openStore(t, double)
    await store.append(newStream(), 'none', [visit()])
    await end()
    const appends = times(20, () => timed(store.append(newStream(), 'none', [visit('lost')])))
    const reads = times(20, () => timed(store.read(newStream())))
    await sleep(200)
    const { ms } = await timed(store.close())
    t.comment(`closed after ${Math.round(ms)} ms`)
    t.ok(ms < 9_000)
    t.ok((await Promise.all([...appends, ...reads])).every(isUnavailable))
    double.thaw()
  }
})

await t.test('a server that is not there when a node begins is said so within seconds', async (t) => {
  const double = await startOwnProcess(t)
  double.freeze()
  const frozen = await timed(openStore(t, double))
  double.thaw()
  await double.kill()
  const gone = await timed(openStore(t, double))
  for (const done of [frozen, gone]) t.ok(isUnavailable(done) && done.ms < 9_000)
})

await t.test('nothing keeps a process alive whose server is frozen', async (t) => {
  const double = await startOwnProcess(t)
  const script = fileURLToPath(new URL('./kit/closing-store.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, double.url, newDirectory(t)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const gone = once(child, 'exit')
  await once(child.stdout, 'data')
  double.freeze()
  child.stdin.end()
  const { ms, result } = await timed(Promise.race([gone, sleep(30_000, undefined, { ref: false })]))
  t.comment(`ended after ${Math.round(ms)} ms`)
  t.match(result, { status: 'fulfilled', value: [0] })
})
