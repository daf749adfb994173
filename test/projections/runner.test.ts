import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import t from 'tap'
import { decoder } from '#domain/kernel/codec.ts'
import { type EventStore, StoreUnavailable } from '#domain/kernel/event-store.ts'
import type { Projection } from '#domain/kernel/projection.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { openReadStore } from '#infra/read-store/read-store.ts'
import { keyAccess } from '#src/data/keys.ts'
import { startProjectorThread } from '#src/projector/thread.ts'
import { verifyViews } from '#src/projector/verify.ts'
import { times } from '#test/contract/event-store.ts'
import {
  catalogue,
  changed,
  decode,
  marked,
  noteStream,
  notes,
  stumbling,
  tally,
  thrownAway,
  written,
} from './kit/notes.ts'
import { cleanBuild, errorsIn, listening, run, until } from './kit/running.ts'

const both = [notes, tally]

const someNotes = (count: number) =>
  times(count, (n) => (n % 5 === 4 ? marked(`note ${n - 1}`) : written(`note ${n}`)))

const filled = async (count: number): Promise<EventStore> => {
  const store = memoryEventStore()
  await store.append(noteStream, 'any', someNotes(count))
  return store
}

await t.test('what is written can be read as soon as its position is reached', async (t) => {
  const { runner, views, write } = run(t, { projections: both })
  t.ok(await runner.reached(0n, 1_000))
  for (const n of times(20, (n) => n)) {
    const position = await write(written(`note ${n}`))
    t.ok(await runner.reached(position, 1_000))
    t.ok(views.reader(notes).get(`note ${n}`))
    t.ok(views.checkpoint('tally') >= position)
  }
  const [status] = runner.status()
  t.strictSame(status, { name: 'notes', version: 1, position: 20n, state: 'live' })
})

await t.test('waiting for what nobody has written ends in time', async (t) => {
  const { runner, write } = run(t, { projections: both })
  await runner.reached(0n, 1_000)
  const start = performance.now()
  t.notOk(await runner.reached(1n, 50))
  t.ok(performance.now() - start < 500)
  const waiting = runner.reached(1n, 5_000)
  await write(written('a'))
  t.ok(await waiting)
  t.ok(await runner.reached(1n, 0, 'tally'))
  t.notOk(await runner.reached(1n, 10, 'nobody'))
})

await t.test('a runner that starts again goes on where it was', async (t) => {
  const store = await filled(1_234)
  const first = run(t, { store, projections: both })
  await first.runner.reached(1_234n, 5_000)
  await first.stop()
  await first.write(...someNotes(10))
  const second = run(t, { store, file: first.file, projections: both })
  t.equal(second.runner.status()[0]?.state, 'live')
  t.ok(await second.runner.reached(1_244n, 5_000))
  t.strictSame(second.views.reader(tally).get('all'), { events: 1_244 })
  t.strictSame(
    both.map(({ name }) => second.views.fingerprint(name)),
    await cleanBuild(t, store, both),
  )
})

await t.test('a projection that cannot get over an event stops there, alone and loudly', async (t) => {
  const first = run(t, { projections: [stumbling(notes), tally] })
  await first.runner.reached(0n, 1_000)
  await first.write(written('a'), written('b'))
  await first.write(written('c'), written('stone'), written('d'))
  await first.write(marked('a'))
  t.ok(await first.runner.reached(6n, 1_000), 'the others are where they should be')
  t.strictSame(first.runner.status(), [
    {
      name: 'notes',
      version: 1,
      position: 3n,
      state: 'stopped',
      stoppedAt: 4n,
      reason: 'TypeError: stumbled',
    },
    { name: 'tally', version: 1, position: 6n, state: 'live' },
  ])
  t.notOk(await first.runner.reached(3n, 1_000, 'notes'))
  t.match(errorsIn(first.lines), [
    { fields: { projection: 'notes', position: '4', reason: 'TypeError: stumbled' } },
  ])
  t.equal(errorsIn(first.lines).length, 1)
  t.strictSame(
    first.views
      .reader(notes)
      .list({})
      .map(({ note }) => note),
    ['a', 'b', 'c'],
    'nothing half done, nothing skipped',
  )
  t.equal(first.views.checkpoint('notes'), 3n)

  await first.stop()
  const again = run(t, { ...first, projections: [stumbling(notes), tally] })
  await until(() => again.runner.status()[0]?.state === 'stopped')
  t.equal(again.runner.status()[0]?.stoppedAt, 4n, 'a restart alone changes nothing')
  await again.stop()

  const { store, file } = first
  const fixed = run(t, { store, file, projections: both })
  t.ok(await fixed.runner.reached(6n, 1_000, 'notes'))
  t.strictSame(
    both.map(({ name }) => fixed.views.fingerprint(name)),
    await cleanBuild(t, store, both),
  )
})

await t.test(
  'a first build that cannot get over an event is not read, and goes on after the fix',
  async (t) => {
    const store = await filled(700)
    await store.append(noteStream, 'any', [written('stone'), ...someNotes(700)])
    const { runner, views, file, stop } = run(t, { store, projections: [stumbling(notes), tally] })
    t.ok(await runner.reached(1_401n, 5_000))
    t.equal(runner.status()[0]?.state, 'stopped')
    t.equal(runner.status()[0]?.position, 700n)
    t.throws(() => views.reader(notes), { name: 'ViewNotReady' })
    await stop()
    let applied = 0
    const counting = changed(notes, {
      apply(...args) {
        applied += 1
        notes.apply(...(args.slice(0, 2) as unknown as Parameters<typeof notes.apply>))
      },
    })
    const fixed = run(t, { store, file, projections: [counting, tally] })
    t.ok(await fixed.runner.reached(1_401n, 5_000, 'notes'))
    t.equal(applied, 701, 'what was built is kept')
    t.strictSame(
      both.map(({ name }) => fixed.views.fingerprint(name)),
      await cleanBuild(t, store, both),
    )
  },
)

await t.test(
  'an event that nobody can read stops everybody at it, loudly, until the program knows it',
  async (t) => {
    const younger = { NoteWritten: catalogue.NoteWritten, NoteThrownAway: catalogue.NoteThrownAway }
    const first = run(t, { projections: both, decode: decoder(younger) })
    await first.runner.reached(0n, 1_000)
    await first.write(written('a'), written('b'), marked('a'), written('c'))
    await until(() => first.runner.status().every(({ state }) => state === 'stopped'))
    t.match(first.runner.status(), [
      { name: 'notes', position: 2n, stoppedAt: 3n, reason: /UnreadableEvent: NoteMarked v1 at position 3/ },
      { name: 'tally', position: 2n, stoppedAt: 3n },
    ])
    t.equal(errorsIn(first.lines).length, 2)
    t.equal(first.views.reader(notes).count({}), 2)
    await first.stop()
    const { store, file } = first
    const newer = run(t, { store, file, projections: both })
    t.ok(await newer.runner.reached(4n, 1_000))
    t.strictSame(
      both.map(({ name }) => newer.views.fingerprint(name)),
      await cleanBuild(t, store, both),
    )
  },
)

await t.test('a new version is built beside while the old one is read, then takes its place', async (t) => {
  const store = await filled(3_000)
  const first = run(t, { store, projections: both })
  await first.runner.reached(3_000n, 5_000)
  await first.stop()
  const second = changed(tally, { version: 2, apply: (_, rows) => rows.put('all', { events: 2 }) })
  const next = run(t, { store, file: first.file, projections: [notes, second] })
  t.strictSame(next.views.reader(tally).get('all'), { events: 3_000 }, 'the old one serves')
  t.match(next.runner.status()[1], { version: 2, state: 'building' })
  await next.write(written('meanwhile'))
  t.ok(await next.runner.reached(3_001n, 5_000), 'nobody waits for the one that is being built')
  t.ok(await next.runner.reached(3_001n, 5_000, 'tally'))
  t.strictSame(next.views.reader(second).get('all'), { events: 2 })
  t.equal(next.views.fingerprint('tally')?.version, 2)
})

await t.test('a rebuild goes on beside what is read and written, and comes back the same', async (t) => {
  const store = await filled(5_000)
  const { runner, views, write } = run(t, { store, projections: both })
  await runner.reached(5_000n, 5_000)
  const before = both.map(({ name }) => views.fingerprint(name))
  const seen: bigint[] = []
  const rebuilt = runner.rebuild(undefined, (done, total) => {
    t.equal(total, 5_000n)
    seen.push(done)
  })
  let fewest = Number.POSITIVE_INFINITY
  for (const n of times(20, (n) => n)) {
    const position = await write(written(`beside ${n}`))
    t.ok(await runner.reached(position, 1_000))
    fewest = Math.min(fewest, views.reader(tally).get('all')?.events ?? 0)
  }
  t.ok(fewest > 5_000, 'a reader never sees half of it')
  await rebuilt
  t.ok(seen.length > 0 && seen.every((done, index) => index === 0 || done >= (seen[index - 1] ?? 0n)))
  await runner.reached(5_020n, 1_000)
  t.not(views.fingerprint('tally')?.digest, before[1]?.digest)
  t.strictSame(
    both.map(({ name }) => views.fingerprint(name)),
    await cleanBuild(t, store, both),
  )
  await runner.rebuild('notes')
  t.strictSame(
    both.map(({ name }) => views.fingerprint(name)),
    await cleanBuild(t, store, both),
  )
  await t.rejects(runner.rebuild('nobody'), RangeError)
})

await t.test(
  'a view that has caught up with yesterday does not take the place of one that is further',
  async (t) => {
    const store = await filled(12)
    const checkpoints: bigint[] = []
    const late = new Set<string>()
    const { runner, views } = run(t, {
      projections: both,
      store: {
        ...store,
        async *follow(position, signal) {
          if (position === 0n && late.size > 0) {
            yield { events: await store.after(0n, 10), caughtUp: true }
            checkpoints.push(views.checkpoint('tally'))
            yield* store.follow(10n, signal)
          } else yield* store.follow(position, signal)
        },
      },
    })
    await runner.reached(12n, 1_000)
    late.add('the end it saw is not the end any more')
    await runner.rebuild()
    t.strictSame([...checkpoints, views.checkpoint('tally')], [12n, 12n])
    t.strictSame(views.reader(tally).get('all'), { events: 12 })
  },
)

await t.test('a rebuild that fails says so, and what is read goes on', async (t) => {
  const since = new Set<string>()
  const breaking = changed(notes, {
    apply(event, rows) {
      if (since.has('broken') && event.position === 2n) throw new Error('broken since')
      notes.apply(...([event, rows] as unknown as Parameters<typeof notes.apply>))
    },
  })
  const { runner, views, write, lines } = run(t, { projections: [breaking, tally] })
  await runner.reached(0n, 1_000)
  await write(...someNotes(10))
  await runner.reached(10n, 1_000)
  since.add('broken')
  await t.rejects(runner.rebuild('notes'), /cannot be built anew: Error: broken since/)
  t.equal(errorsIn(lines).length, 1)
  const position = await write(written('later'))
  t.ok(await runner.reached(position, 1_000, 'notes'))
  t.ok(views.reader(notes).get('later'))
  const waiting = runner.rebuild('tally')
  await Promise.all([t.rejects(waiting, /is stopped/), runner.stop()])
})

await t.test('who waits for a rebuild is told when the projector stops', async (t) => {
  const store = await filled(20_000)
  const { runner } = run(t, { store, projections: both })
  await runner.reached(20_000n, 10_000)
  let seen = 0
  const waiting = runner.rebuild('notes', () => {
    seen += 1
  })
  const told = t.rejects(waiting, /was stopped/)
  await until(() => seen > 0)
  await runner.stop()
  await told
})

await t.test('a store that cannot be reached for a while is waited for', async (t) => {
  const store = memoryEventStore()
  let refusals = 2
  const flaky: EventStore = {
    ...store,
    follow(position, signal) {
      if (refusals-- > 0) throw new StoreUnavailable('away')
      return store.follow(position, signal)
    },
  }
  const { runner, write, lines } = run(t, { store: flaky, projections: both })
  await write(written('a'))
  t.ok(await runner.reached(1n, 5_000))
  t.equal(lines.filter(({ level }) => level === 'warn').length, 2)
  t.equal(errorsIn(lines).length, 0)
})

await t.test('a full disk is waited out: nothing lost, nothing twice', async (t) => {
  const disk = new Set<string>()
  const { runner, views, write, lines } = run(t, {
    projections: both,
    with: (writer) => ({
      ...writer,
      commit(folds) {
        if (disk.has('full')) throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL')
        writer.commit(folds)
      },
    }),
  })
  await runner.reached(0n, 1_000)
  await write(written('a'))
  await runner.reached(1n, 1_000)
  disk.add('full')
  await write(written('b'))
  t.notOk(await runner.reached(2n, 700))
  t.ok(views.reader(notes).get('a'), 'reads go on')
  disk.delete('full')
  await write(written('c'))
  t.ok(await runner.reached(3n, 3_000))
  t.strictSame(views.reader(tally).get('all'), { events: 3 })
  t.equal(errorsIn(lines).length, 0)
})

await t.test('a file that turns out to be damaged is set aside and built anew, loudly', async (t) => {
  const store = await filled(1_000)
  const disk = new Set<string>()
  const { runner, views, write, lines, file } = run(t, {
    store,
    projections: both,
    with: (writer) => ({
      ...writer,
      commit(folds) {
        if (disk.delete('damaged'))
          throw new Database.SqliteError('database disk image is malformed', 'SQLITE_CORRUPT')
        writer.commit(folds)
      },
    }),
  })
  await runner.reached(1_000n, 5_000)
  disk.add('damaged')
  await write(written('a'))
  await until(() => existsSync(`${file}.broken-1`))
  t.match(errorsIn(lines), [{ fields: { file: `${file}.broken-1` } }])
  await until(() => runner.status().every(({ state, position }) => state === 'live' && position === 1_001n))
  await sleep(250)
  t.strictSame(
    both.map(({ name }) => views.fingerprint(name)),
    await cleanBuild(t, store, both),
  )
})

await t.test('two projectors on one file: each event counts once', async (t) => {
  const store = await filled(2_000)
  const one = run(t, { store, projections: both })
  const other = run(t, { store, file: one.file, projections: both })
  for (const n of times(60, (n) => n)) {
    await one.write(written(`a ${n}`), marked(`a ${n}`), ...(n % 7 === 0 ? [thrownAway(`a ${n}`)] : []))
    if (n % 3 === 0) await sleep(1)
    if (n === 20) await one.runner.rebuild('notes')
    if (n === 40) await other.runner.rebuild()
  }
  const head = await store.head()
  await until(() => both.every(({ name }) => one.views.checkpoint(name) === head))
  t.strictSame(one.views.reader(tally).get('all'), { events: Number(head) })
  t.strictSame(
    both.map(({ name }) => one.views.fingerprint(name)),
    await cleanBuild(t, store, both),
  )
  t.equal(errorsIn([...one.lines, ...other.lines]).length, 0)
  t.ok(await one.runner.reached(head, 3_000), 'both know it')
  t.ok(await other.runner.reached(head, 3_000), 'both know it')
})

await t.test('an older program does not take a view back from a newer one', async (t) => {
  const store = await filled(10)
  const old = run(t, { store, projections: both })
  await old.runner.reached(10n, 1_000)
  const second: Projection = changed(notes, { version: 2 })
  const newer = run(t, { store, file: old.file, projections: [second, tally] })
  t.ok(await newer.runner.reached(10n, 1_000, 'notes'))
  await old.write(written('a'))
  await until(() => old.runner.status()[0]?.state === 'stopped')
  t.match(old.runner.status()[0]?.reason, /newer program/)
  t.ok(await newer.runner.reached(11n, 1_000, 'notes'))
  t.equal(newer.views.fingerprint('notes')?.version, 2)
})

await t.test('verify finds views that are what the log says, and those that are not', async (t) => {
  const store = await filled(1_500)
  const { runner, file, write, stop } = run(t, { store, projections: [stumbling(notes), tally] })
  await runner.reached(1_500n, 5_000)
  await write(written('stone'), written('after'))
  await runner.reached(1_502n, 1_000, 'tally')
  const progress: bigint[] = []
  const verify = (projections: readonly Projection[]) =>
    verifyViews({ store, file, projections, decode, onProgress: (done) => progress.push(done) })
  const sound = await verify([stumbling(notes), tally])
  t.match(sound, [
    { name: 'notes', version: 1, position: 1_500n, equal: true },
    { name: 'tally', version: 1, position: 1_502n, equal: true },
  ])
  t.equal(sound[0]?.live, sound[0]?.rebuilt)
  t.equal(progress.at(-1), 1_502n)
  await stop()

  const db = new Database(file)
  t.teardown(() => db.close())
  const table = db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'tally#%'")
    .pluck()
    .get()
  db.exec(`UPDATE "${table}" SET body = '{"events":1501}'`)
  const third = changed(notes, { version: 3 })
  t.match(await verify([notes, tally, third]), [
    { equal: true },
    { equal: false },
    { equal: false, live: String, reason: /no live view/ },
  ])
  t.match(await verify([stumbling(changed(notes, { name: 'never-built' }))]), [
    { equal: false, position: 0n, live: undefined },
  ])
})

await t.test('in a thread of its own: the same, and it is started again when it dies', async (t) => {
  const directory = t.testdir({})
  const eventLog = `${directory}/events.db`
  const file = `${directory}/views.db`
  const store = await openSqliteEventStore({ file: eventLog })
  const { log, lines } = listening()
  await store.append(noteStream, 'any', someNotes(1_000))
  const entry = new URL('./kit/worker.ts', import.meta.url)
  const runner = await startProjectorThread({ eventLog, file, keys: keyAccess(directory), log, entry })
  const views = openReadStore({ file, onDamage: runner.renew })
  t.teardown(async () => {
    views.close()
    await runner.stop()
    await store.close()
  })
  t.ok(await runner.reached(1_000n, 10_000))
  const { position } = await store.append(noteStream, 'any', [written('live')])
  t.ok(await runner.reached(position, 1_000))
  t.ok(views.reader(notes).get('live'))
  const seen: bigint[] = []
  await runner.rebuild(undefined, (done) => seen.push(done))
  t.equal(seen.at(-1), position)
  await t.rejects(runner.rebuild('nobody'), /no projection/)

  await store.append(noteStream, 'any', [written(`${directory}/has-died`), written('after')])
  await until(() => views.reader(notes).get('after') !== undefined, 10_000)
  t.equal(errorsIn(lines).length, 1, 'loudly')
  t.strictSame(
    both.map(({ name }) => views.fingerprint(name)),
    await cleanBuild(t, store, both),
  )

  await store.append(noteStream, 'any', [{ ...written('x'), type: 'NoteBurnt' }])
  await until(() => runner.status().every(({ state }) => state === 'stopped'))
  t.match(errorsIn(lines).at(-1), { fields: { err: { name: 'UnreadableEvent' }, position: '1004' } })
})

await t.test(
  'a process killed while it builds and swaps leaves a file from which the next goes on',
  async (t) => {
    const directory = t.testdir({})
    const [eventLog, file] = [`${directory}/events.db`, `${directory}/views.db`] as const
    const store = await openSqliteEventStore({ file: eventLog })
    t.teardown(() => store.close())
    for (const _ of times(10, () => 0)) await store.append(noteStream, 'any', someNotes(2_000))
    const script = fileURLToPath(new URL('./kit/building.ts', import.meta.url))
    for (const lives of [0, 30, 150, 400, 700]) {
      const child = spawn(process.execPath, ['--import', 'tsx', script, eventLog, file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = new Promise((resolve) => child.once('exit', resolve))
      if (lives > 300) await new Promise((resolve) => child.stdout.once('data', resolve))
      else await until(() => existsSync(file), 10_000)
      await sleep(lives)
      child.kill('SIGKILL')
      await gone
    }
    const { runner, views, lines } = run(t, { store, file, projections: both })
    t.ok(await runner.reached(20_000n, 20_000))
    t.ok(await runner.reached(20_000n, 20_000, 'notes'))
    t.strictSame(
      both.map(({ name }) => views.fingerprint(name)),
      await cleanBuild(t, store, both),
    )
    t.equal(errorsIn(lines).length, 0)
  },
)
