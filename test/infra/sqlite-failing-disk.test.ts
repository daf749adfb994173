import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { toEntries } from '#infra/event-store/entry.ts'
import { startAppender } from '#infra/event-store/sqlite/appender.ts'
import { committer } from '#infra/event-store/sqlite/commit.ts'
import { openForWriting } from '#infra/event-store/sqlite/connection.ts'
import { event, newStream, times } from '#test/contract/event-store.ts'
import { acknowledged, startChild } from '#test/faults/kit/child.ts'
import { defectsOf, lostFrom } from '#test/faults/kit/soundness.ts'
import { newFile, open } from './kit/sqlite.ts'

const errorOf = (code: string) => new Database.SqliteError('injected', code)

const refusingCommits = (db: Database.Database, code: string): Database.Database =>
  new Proxy(db, {
    get(target, key) {
      if (key === 'prepare')
        return (sql: string) =>
          sql === 'COMMIT'
            ? {
                run() {
                  throw errorOf(code)
                },
              }
            : target.prepare(sql)
      const value = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

const startWriterDouble = (end: 'doubting' | 'dying') =>
  startAppender(
    { file: end, lockWaitMs: 100 },
    () => t.fail('nothing was committed'),
    new URL('./kit/failing-writer.ts', import.meta.url),
  )

/** Four megabytes of memory as a disk; only where this user may mount one. */
const smallDisk = (t: Test): string | undefined => {
  const place = mkdtempSync(join(tmpdir(), 'small-disk-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', place]).status !== 0) return undefined
  t.teardown(() => {
    spawnSync('umount', ['-l', place])
    rmdirSync(place)
  })
  return place
}

const canTrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0
/** Said to a newcomer, and a failure where everything must run. */
const noStrace = !canTrace && process.env.CI !== 'true' && 'strace is not installed, or may not trace here'

await t.test(
  'a commit that does not fit is rolled back whole, and the next one that fits is taken',
  async (t) => {
    const db = openForWriting(newFile(t), 100)
    t.teardown(() => db.close())
    const commit = committer(db)
    const small = () => [newStream(), 'none', toEntries([event()])] as const
    const large = [newStream(), 'none', toEntries([event({ note: 'x'.repeat(3_000_000) })])] as const
    db.pragma('max_page_count = 500')
    t.throws(() => commit([small(), large]), { name: 'CommitFailed', final: false })
    t.strictSame(commit([small()]), [{ version: 1, position: 1 }])
    db.pragma('max_page_count = 5000')
    t.strictSame(commit([large]), [{ version: 1, position: 2 }])
  },
)

await t.test(
  'a full disk is "try again", reads go on, and space makes it work without a restart',
  async (t) => {
    const disk = smallDisk(t)
    if (!disk) {
      t.comment('no small disk can be mounted here')
      return
    }
    const store = await open(t, { file: join(disk, 'log.db') })
    const fill = join(disk, 'other-data')
    const stream = newStream()
    const { position } = await store.append(stream, 'none', [event()])
    spawnSync('dd', ['if=/dev/zero', `of=${fill}`, 'bs=64k'])
    const appendAll = () =>
      Promise.allSettled(
        times(40, () => store.append(newStream(), 'none', [event({ note: 'x'.repeat(50_000) })])),
      )
    const results = await appendAll()
    const refused = results.filter((result) => result.status === 'rejected')
    t.ok(refused.length > 0, `${refused.length} refused`)
    t.ok(refused.every(({ reason }) => reason instanceof StoreUnavailable))
    t.equal((await store.read(stream)).length, 1)
    spawnSync('rm', [fill])
    const later = await appendAll()
    t.ok(
      later.every(({ status }) => status === 'fulfilled'),
      'all of them, once there is space',
    )
    t.ok((await store.head()) > position)
    await store.close()
    t.strictSame(defectsOf(join(disk, 'log.db')), [])
  },
)

await t.test('a commit with an unknown end is the last one', async (t) => {
  for (const [code, final] of [
    ['SQLITE_IOERR_FSYNC', true],
    ['SQLITE_IOERR_WRITE', true],
    ['SQLITE_FULL', false],
  ] as const) {
    const db = openForWriting(newFile(t), 100)
    const commit = committer(refusingCommits(db, code))
    t.throws(() => commit([[newStream(), 'none', toEntries([event()])]]), { name: 'CommitFailed', final })
    t.notOk(db.inTransaction)
    db.close()
  }
})

await t.test('once the writer is in doubt, nothing is acknowledged any more', async (t) => {
  const appender = await startWriterDouble('doubting')
  const append = () => appender.append([newStream(), 'none', toEntries([event()])])
  const results = await Promise.allSettled(times(600, append))
  t.ok(results.every((result) => result.status === 'rejected' && result.reason instanceof StoreUnavailable))
  await t.rejects(append(), { name: 'StoreUnavailable', message: 'the disk is gone' })
  await appender.close()
})

await t.test('when the writer dies, everything that waits is answered and closing still works', async (t) => {
  const appender = await startWriterDouble('dying')
  const append = () => appender.append([newStream(), 'none', toEntries([event()])])
  const results = await Promise.allSettled(times(600, append))
  t.ok(results.every((result) => result.status === 'rejected' && result.reason instanceof StoreUnavailable))
  await t.rejects(append(), { name: 'StoreUnavailable', message: /out of luck/ })
  await appender.drain()
  await appender.close()
})

await t.test('nothing is acknowledged before it was synced', { skip: noStrace }, async (t) => {
  const [file, trace] = [newFile(t), `${newFile(t)}.trace`]
  const child = startChild(
    'appending.ts',
    [file, '300', '1'],
    [...['strace', '-f', '-qq', '-e', 'trace=fsync,fdatasync', '-o', trace]],
  )
  t.equal(await child.gone, 0)
  const answers = child.said.filter((line) => line.startsWith('acknowledged')).length
  const syncs = readFileSync(trace, 'utf8').match(/sync\(/g)?.length ?? 0
  t.ok(answers > 100 && syncs >= answers, `${syncs} syncs for ${answers} answers`)
})

for (const [what, suffix, nth] of [
  ['a commit', '-wal', 60],
  ['a checkpoint', '', 3],
] as const)
  await t.test(
    `after one failed sync of ${what} nothing is acknowledged until the log is opened again`,
    { skip: noStrace },
    async (t) => {
      const file = newFile(t)
      const failing = `inject=fsync,fdatasync:error=EIO:when=${nth}`
      const child = startChild(
        'appending.ts',
        [file, '1500', '2'],
        ['strace', '-f', '-qq', '-o', '/dev/null', '-P', `${file}${suffix}`, '-e', failing],
      )
      await child.gone
      const ids = acknowledged(child.said)
      const firstRefusal = child.said.findIndex((line) => line.startsWith('refused'))
      t.equal(child.said[firstRefusal], 'refused StoreUnavailable')
      t.ok(ids.length > 0)
      t.strictSame(acknowledged(child.said.slice(firstRefusal)), [])
      const again = await open(t, { file })
      t.equal((await again.append(newStream(), 'none', [event()])).version, 1)
      await again.close()
      t.strictSame(lostFrom(file, ids), [])
      t.strictSame(defectsOf(file), [])
    },
  )
