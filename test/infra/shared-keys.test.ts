import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { ERASED, labelOf } from '#domain/kernel/keyring.ts'
import { openKeyring } from '#infra/keys/keyring.ts'
import { withKeys } from '#infra/keys/shared/with-keys.ts'
import { FAMILY, family, KEY, person, sealed, startCluster, stream, told } from './kit/nodes.ts'

const BECAUSE = { familyId: FAMILY, because: 'e9' }
const keyIn = (value: string): string => labelOf(value).keyId

const wrappedIn = (keyFile: string): readonly Buffer[] => {
  const db = new Database(keyFile, { readonly: true })
  const rows = db.prepare<[], Buffer>('SELECT wrapped FROM key WHERE wrapped IS NOT NULL').pluck().all()
  db.close()
  return rows
}
const filesHold = (keyFile: string, bytes: Buffer): boolean =>
  readdirSync(dirname(keyFile)).some((name) => readFileSync(join(dirname(keyFile), name)).includes(bytes))

const soon = async (t: Test, is: () => boolean, what: string): Promise<void> => {
  for (let i = 0; i < 200 && !is(); i++) await sleep(25)
  t.ok(is(), what)
}

t.test('what one node seals every node opens, a new one, too, and one that has lost its copy', async (t) => {
  const cluster = await startCluster(t)
  const [one, other] = [await cluster.node('one'), await cluster.node('other')]
  const owners = [family(), person('p1'), stream('visit-1'), stream('visit-2', FAMILY)]
  const values: string[] = []
  for (const [i, owner] of owners.entries()) values.push(await sealed(one.keyring, owner, `text ${i}`))
  const texts = owners.map((_, i) => `text ${i}`)
  const { position } = await one.store.append('visit-2', 'none', [told(values.at(-1) ?? '')])
  t.ok(await other.store.replica.reached(position, 5_000))
  t.strictSame(values.map(other.keyring.open), texts, 'once the log is here, so are its keys')
  t.equal(other.keyring.blind('name'), one.keyring.blind('name'))
  const again = await sealed(other.keyring, person('p1'), 'more')
  t.equal(keyIn(again), keyIn(values[1] ?? ''), 'there is one key for one owner')

  const late = await cluster.node('late')
  t.strictSame(values.map(late.keyring.open), texts)
  await other.stop()
  for (const suffix of ['', '-wal', '-shm']) rmSync(other.keyFile + suffix, { force: true })
  const back = await cluster.node('other')
  t.strictSame(values.map(back.keyring.open), texts)
})

t.test('two that make keys for the same owner at once: one key wins, both write under it', async (t) => {
  const cluster = await startCluster(t)
  const first = await cluster.alone('first')
  let beforeAppend = async () => {}
  const second = await cluster.alone('second', { before: () => beforeAppend() })
  let won = ''
  beforeAppend = async () => {
    beforeAppend = async () => {}
    won = await sealed(first, person('p1'), 'won')
  }
  const value = await sealed(second, person('p1'), 'second')
  t.equal(keyIn(value), keyIn(won))
  t.strictSame([first.open(value), second.open(won)], ['second', 'won'])
  t.strictSame(await cluster.types(`_key-${FAMILY}`), ['KeyKept', 'KeyKept'], 'the family’s and the person’s')
})

t.test(
  'two keys for one stream, made before and after it got its family: both stay, and end with it',
  async (t) => {
    const cluster = await startCluster(t)
    const first = await cluster.alone('first')
    let beforeAppend = async () => {}
    const second = await cluster.alone('second', { before: () => beforeAppend() })
    let alone = ''
    beforeAppend = async () => {
      beforeAppend = async () => {}
      alone = await sealed(first, stream('visit-1'), 'alone')
    }
    const with_ = await sealed(second, stream('visit-1', FAMILY), 'with a family')
    t.not(keyIn(alone), keyIn(with_))
    const node = await cluster.node('node')
    const read = () => [alone, with_].map(node.keyring.open)
    t.strictSame(read(), ['alone', 'with a family'])
    t.equal(await node.keyring.adopt('visit-1', FAMILY), false)
    t.strictSame(read(), ['alone', 'with a family'])
    await node.keyring.destroy(BECAUSE)
    t.strictSame(read(), [ERASED, ERASED])
  },
)

t.test(
  'a key made for a stream before it had a family is found by a node that has not heard of it',
  async (t) => {
    const cluster = await startCluster(t)
    const [first, behind] = [await cluster.alone('first'), await cluster.alone('behind')]
    const value = await sealed(first, stream('visit-1'), 'x')
    const more = await sealed(behind, stream('visit-1', FAMILY), 'y')
    t.equal(keyIn(more), keyIn(value))
  },
)

t.test('an erasure on one node is one on all, later ones, too; nothing is left in their files', async (t) => {
  const cluster = await startCluster(t)
  const [one, other] = [await cluster.node('one'), await cluster.node('other')]
  const values = [
    await sealed(one.keyring, family(), 'a'),
    await sealed(one.keyring, person('p1'), 'b'),
    await sealed(one.keyring, stream('visit-1', FAMILY), 'c'),
  ]
  const kept = await sealed(one.keyring, family('another'), 'kept')
  await soon(t, () => other.keyring.knows(keyIn(kept)), 'the keys have come')
  const bytes = wrappedIn(one.keyFile)
  t.equal(await one.keyring.destroy(BECAUSE), 3)
  t.equal(await one.keyring.destroy({ ...BECAUSE, because: 'e10' }), 0)
  await soon(t, () => other.keyring.destroyed(FAMILY) !== undefined, 'the other has heard of it')
  await other.keyring.destroy({ ...BECAUSE, because: 'e11' })
  const late = await cluster.node('late')
  for (const { keyring, keyFile } of [one, other, late]) {
    t.strictSame(values.map(keyring.open), [ERASED, ERASED, ERASED])
    t.equal(keyring.open(kept), 'kept')
    t.strictSame(keyring.destroyed(FAMILY), one.keyring.destroyed(FAMILY))
    t.equal(keyring.destroyed(FAMILY)?.because, 'e9')
    t.equal(bytes.filter((wrapped) => filesHold(keyFile, wrapped)).length, 1, 'what is kept')
    for (const owner of [family(), person('p9'), stream('visit-1', FAMILY)])
      await t.rejects(keyring.provide([owner]), { name: 'KeyDestroyed' })
  }
  t.equal(await cluster.types(`_key-${FAMILY}`), undefined, 'on the server it cannot be read, nor written')
  t.strictSame(await cluster.types('_key-destroyed'), ['KeysDestroyed'])
})

t.test('a node that has not heard of an erasure makes no key after it', async (t) => {
  const cluster = await startCluster(t)
  const [one, behind] = [await cluster.alone('one'), await cluster.alone('behind')]
  await one.destroy(BECAUSE)
  t.equal(behind.destroyed(FAMILY), undefined)
  await t.rejects(behind.provide([person('p1')]), { name: 'KeyDestroyed' })
  await t.rejects(behind.provide([stream('visit-1', FAMILY)]), { name: 'KeyDestroyed' })
})

t.test('a key that is made while the others are destroyed is destroyed with them', async (t) => {
  // Before it is said what is destroyed, and before the stream is ended.
  for (const nth of [1, 2]) {
    const cluster = await startCluster(t)
    const first = await cluster.alone('first')
    let beforeChange = async () => {}
    const second = await cluster.alone('second', { before: () => beforeChange() })
    const before = await sealed(second, family(), 'before')
    let made = ''
    let changes = 0
    beforeChange = async () => {
      if (++changes === nth) made = await sealed(first, person('p1'), 'between')
    }
    await second.destroy(BECAUSE)
    beforeChange = async () => {}
    const late = await cluster.node('late')
    for (const keyring of [second, late.keyring])
      t.strictSame([before, made].map(keyring.open), [ERASED, ERASED])
    t.equal(await cluster.types(`_key-${FAMILY}`), undefined)
    await late.stop()
  }
})

t.test('killed between saying that keys are destroyed and doing it, another node goes on', async (t) => {
  const cluster = await startCluster(t)
  let left = Number.POSITIVE_INFINITY
  const killed = await cluster.alone('killed', {
    before: async () => {
      if (--left === 0) throw new Error('killed')
    },
  })
  await sealed(killed, stream('visit-1'), 'x')
  await killed.provide([family()])
  left = 2
  await t.rejects(killed.destroy(BECAUSE), /killed/)
  t.ok(await cluster.types(`_key-${FAMILY}`))
  const other = await cluster.node('other')
  t.ok(other.keyring.destroyed(FAMILY))
  await other.keyring.destroy(BECAUSE)
  t.equal(await cluster.types(`_key-${FAMILY}`), undefined)
})

t.test('a stream’s key goes under its family’s, and where it lay alone nothing is left', async (t) => {
  const cluster = await startCluster(t)
  const node = await cluster.node('node')
  const { keyring } = node
  const value = await sealed(keyring, stream('visit-1'), '隣の人から')
  const [before] = wrappedIn(node.keyFile)
  t.equal(await keyring.adopt('visit-1', FAMILY), false)
  t.equal(await keyring.adopt('visit-1', FAMILY), false)
  t.equal(await keyring.adopt('visit-9', FAMILY), false)
  t.equal(keyring.open(value), '隣の人から')
  t.strictSame(await cluster.types('_key-visit-1'), [])
  t.strictSame(await cluster.types(`_key-${FAMILY}`), ['KeyKept', 'KeyKept'])
  await keyring.destroy(BECAUSE)
  t.equal(keyring.open(value), ERASED)
  await soon(
    t,
    () => !filesHold(node.keyFile, before ?? Buffer.from('no key')),
    'as it lay alone it is gone, too',
  )
  const later = await sealed(keyring, stream('visit-1'), 'later')
  t.equal(keyring.open(later), 'later', 'the stream outlives its key')
  t.equal((await cluster.node('late')).keyring.open(later), 'later')
})

t.test('a stream that two families had ends with the first of them, on the server, too', async (t) => {
  for (const erased of [FAMILY, 'another']) {
    const cluster = await startCluster(t)
    const node = await cluster.node(`node-${erased}`)
    const { keyring } = node
    const value = await sealed(keyring, stream('visit-1', FAMILY), 'x')
    for (let i = 0; i < 2; i++) await keyring.adopt('visit-1', 'another')
    t.equal(keyring.open(value), 'x')
    const bytes = wrappedIn(node.keyFile)
    await keyring.destroy({ familyId: erased, because: 'e9' })
    t.equal(keyring.open(value), ERASED)
    const [left = ''] = [FAMILY, 'another'].filter((one) => one !== erased)
    t.equal(
      (await cluster.types(`_key-${left}`))?.filter((type) => type === 'KeyKept').length,
      left === FAMILY ? 1 : 0,
    )
    t.equal(bytes.filter((wrapped) => filesHold(node.keyFile, wrapped)).length, left === FAMILY ? 1 : 0)
    const again = await sealed(keyring, stream('visit-1', left), 'z')
    t.equal((await cluster.node(`late-${erased}`)).keyring.open(again), 'z')
  }
})

t.test('a stream that comes to a family already erased is to be destroyed with it', async (t) => {
  const cluster = await startCluster(t)
  const [one, behind] = [await cluster.alone('one'), await cluster.alone('behind')]
  const value = await sealed(behind, stream('visit-1'), 'x')
  await one.destroy(BECAUSE)
  t.equal(await behind.adopt('visit-1', FAMILY), true)
  t.equal(await behind.destroy({ ...BECAUSE, because: 'e10' }), 1)
  t.equal(await behind.adopt('visit-1', FAMILY), false)
  t.strictSame(await cluster.types('_key-visit-1'), [])
  const late = await cluster.node('late')
  t.equal(late.keyring.open(value), ERASED)
  t.equal(late.keyring.destroyed(FAMILY)?.because, 'e9')
})

const NEW_KEY = randomBytes(32)
const both = { keyEncryptionKey: NEW_KEY, previousKeyEncryptionKey: KEY }

t.test('keys are wrapped anew on the cluster; both are read meanwhile, then the new one alone', async (t) => {
  const cluster = await startCluster(t)
  const writer = await cluster.alone('writer')
  const node = await cluster.node('node', both)
  const values: string[] = []
  const owners = [family(), person('p1'), stream('visit-1'), stream('visit-2', FAMILY), family('f2')]
  for (const owner of owners) values.push(await sealed(writer, owner, 'x'))
  const [gone = ''] = [await sealed(writer, family('gone'), 'x')]
  await writer.destroy({ familyId: 'gone', because: 'e8' })
  const blind = writer.blind('name')
  const old = wrappedIn(writer.keyFile)
  // In the log before the keys are wrapped anew, so the old rows alone stand before it.
  await node.store.append('visit-2', 'none', [told(values[3] ?? '')])

  const first = await cluster.alone('first', { keys: both })
  t.equal(await first.rotate(1), 1)
  const halfway = await cluster.node('halfway', both)
  t.ok(
    values.map(halfway.keyring.open).every((text) => text === 'x'),
    'interrupted: both are read',
  )
  let wrapped = 0
  const second = await cluster.alone('second', { keys: both })
  for (let more = await second.rotate(1); more > 0; more = await second.rotate(1)) wrapped += more
  t.equal(wrapped, 2, 'what was done is not done again')
  t.strictSame(
    await cluster.types(`_key-${FAMILY}`),
    ['KeyKept', 'KeyKept', 'KeyKept'],
    'older ones are cut off',
  )
  t.strictSame(await cluster.types('_key-index'), ['IndexKeyKept'])

  const after = await cluster.node('after', { keyEncryptionKey: NEW_KEY })
  t.ok(values.map(after.keyring.open).every((text) => text === 'x'))
  t.equal(after.keyring.open(gone), ERASED)
  t.equal(after.keyring.blind('name'), blind)
  await t.rejects(cluster.node('old'), { name: 'KeyMissing' }, 'the old one opens nothing')
  const outermost = old.filter((bytes) => filesHold(after.keyFile, bytes))
  t.equal(outermost.length, 2, 'only what lies under a family’s key is as it was')
  await soon(t, () => old.filter((bytes) => filesHold(node.keyFile, bytes)).length === 2, 'on all nodes')
  t.equal(await second.rotate(), 0)
})

t.test('rotation that is killed before it cuts off the old is found undone', async (t) => {
  const cluster = await startCluster(t)
  const writer = await cluster.alone('writer')
  const value = await sealed(writer, family(), 'x')
  let changes = 0
  const killed = await cluster.alone('killed', {
    keys: both,
    before: async () => {
      if (++changes === 4) throw new Error('killed')
    },
  })
  await t.rejects(killed.rotate(), /killed/)
  t.strictSame(await cluster.types(`_key-${FAMILY}`), ['KeyKept', 'KeyKept'])
  const again = await cluster.alone('again', { keys: both })
  t.equal(again.open(value), 'x')
  while ((await again.rotate()) > 0);
  t.strictSame(await cluster.types(`_key-${FAMILY}`), ['KeyKept'])
  t.equal((await cluster.node('after', { keyEncryptionKey: NEW_KEY })).keyring.open(value), 'x')
})

t.test('another key-encryption key, another log’s key file: said, not an empty family', async (t) => {
  const cluster = await startCluster(t)
  const one = await cluster.node('one')
  await t.rejects(cluster.node('two', { keyEncryptionKey: randomBytes(32) }), { name: 'KeyMissing' })
  const file = join(t.testdirName, 'alone.db')
  openKeyring({ file, keyEncryptionKey: KEY }).close()
  const { openSharedKeyring } = await import('#infra/keys/shared/keyring.ts')
  await t.rejects(
    openSharedKeyring({ file, keyEncryptionKey: KEY, connection: one.store.connection }),
    /not on a cluster/,
  )
})

t.test('a copy is never filled from two clusters', async (t) => {
  const [cluster, another] = [await startCluster(t), await startCluster(t)]
  const node = await cluster.node('node')
  const value = await sealed(node.keyring, family(), 'x')
  await node.stop()
  await t.rejects(another.node('node'), { name: 'LogDiffers' })
  rmSync(join(dirname(node.keyFile), 'log-identity'))
  rmSync(join(dirname(node.keyFile), 'replica.db'))
  await t.rejects(another.node('node'), { name: 'KeyMissing' }, 'nor when the file is all that is left')
  rmSync(join(dirname(node.keyFile), 'log-identity'))
  t.equal((await cluster.node('node')).keyring.open(value), 'x')
})

t.test('with the copy alone keys are read, never made or destroyed', async (t) => {
  const cluster = await startCluster(t)
  const node = await cluster.node('node')
  const value = await sealed(node.keyring, family(), 'x')
  const reader = openKeyring({ file: node.keyFile, keyEncryptionKey: KEY })
  t.teardown(() => reader.close())
  t.equal(reader.open(value), 'x')
  const unprovided = { ...labelOf(value), owner: family('f2'), text: 'y' }
  for (const keyring of [reader, node.keyring])
    t.throws(() => keyring.seal([unprovided]), { name: 'StoreUnavailable' })
  await t.rejects(reader.destroy(BECAUSE), /cluster/)
  t.throws(() => reader.rotate(), /cluster/)
})

t.test('what is read ahead of the copy is given out when its keys are here', async (t) => {
  const cluster = await startCluster(t)
  const [one, other] = [await cluster.node('one'), await cluster.node('other')]
  const value = await sealed(one.keyring, family(), 'x')
  await one.store.append('visit-1', 'none', [told(value)])
  let waited = 0
  const { replica } = other.store
  const late = {
    position: () => 0n,
    async reached(position: bigint, ms: number) {
      waited += 1
      return replica.reached(position, ms)
    },
  }
  const read = withKeys(other.store, { knows: (id) => waited > 0 && other.keyring.knows(id) }, late).read
  const events = await read('visit-1')
  t.equal(waited, 1)
  t.equal(other.keyring.open(String(events[0]?.data.note)), 'x')
  await read('visit-1')
  t.equal(waited, 1, 'nobody waits for keys that are here')
  const never = { position: () => 0n, reached: async () => false }
  await t.rejects(withKeys(other.store, { knows: () => false }, never).read('visit-1'), {
    name: 'StoreUnavailable',
  })
})
