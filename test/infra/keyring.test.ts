import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import {
  ERASED,
  isSealed,
  KeyDestroyed,
  KeyMissing,
  type Plain,
  UnreadableSecret,
} from '#domain/kernel/keyring.ts'
import { plainText, text } from '#domain/kernel/schema.ts'
import { openKeyring } from '#infra/keys/keyring.ts'

/** It says that it cannot be read; anything else would be a bug that happens to throw. */
const unreadable = (t: Test, read: () => unknown, why: string) => {
  try {
    t.fail(`${why}: read as ${String(read())}`)
  } catch (error) {
    t.ok(error instanceof UnreadableSecret || error instanceof KeyMissing, why)
  }
}

const FAMILY = '0190a1b2-fa00-7000-8000-000000000001'
const keyEncryptionKey = randomBytes(32)

const fileIn = (test: Test) => join(test.testdir(), 'keys.db')
const of = (text: string, familyId = FAMILY): Plain => ({
  owner: { kind: 'family', familyId },
  eventId: 'e1',
  field: '/data/note.ja',
  dataClass: 'contact',
  text,
})
const ofPerson = (text: string): Plain => ({
  ...of(text),
  owner: { kind: 'person', familyId: FAMILY, personId: 'p1' },
})
const sealOne = (keyring: ReturnType<typeof openKeyring>, plain: Plain): string =>
  keyring.seal([plain])[0] ?? ''

const ofStream = (text: string, familyId?: string): Plain => ({
  ...of(text),
  owner: { kind: 'stream', stream: 'visit-1', ...(familyId !== undefined && { familyId }) },
})

const bytesIn = (file: string): Buffer =>
  Buffer.concat(readdirSync(dirname(file)).map((name) => readFileSync(join(dirname(file), name))))

/** By family; of a family and its stream, the stream's. */
const keysIn = (file: string): ReadonlyMap<string | null, Buffer> => {
  const db = new Database(file, { readonly: true })
  const rows = db
    .prepare<[], [string | null, Buffer]>('SELECT family, wrapped FROM key ORDER BY owner')
    .raw()
    .all()
  db.close()
  return new Map(rows)
}

t.test('what was sealed is opened, also after a restart', async (t) => {
  const file = fileIn(t)
  const first = openKeyring({ file, keyEncryptionKey })
  const sealed = first.seal([of('港北区日吉1-2-3'), ofPerson('花子')])
  const blind = first.blind('花子|1990-01-01')
  first.close()
  t.ok(sealed.every((value) => isSealed(value) && !/日吉|花子/.test(value)))
  const again = openKeyring({ file, keyEncryptionKey })
  t.teardown(() => again.close())
  t.strictSame(sealed.map(again.open), ['港北区日吉1-2-3', '花子'])
  t.equal(again.blind('花子|1990-01-01'), blind)
  t.not(again.blind('花子|1990-01-02'), blind)
})

t.test('altered, cut short, moved: an error, never a wrong text', async (t) => {
  const keyring = openKeyring({ file: fileIn(t), keyEncryptionKey })
  t.teardown(() => keyring.close())
  const sealed = sealOne(keyring, of('一緒に見守る'))
  for (let i = 0; i < sealed.length; i++) {
    for (const other of ['A', 'B', '%', '.'].filter((c) => c !== sealed[i]))
      unreadable(t, () => keyring.open(sealed.slice(0, i) + other + sealed.slice(i + 1)), `${other} at ${i}`)
    unreadable(t, () => keyring.open(sealed.slice(0, i)), `cut at ${i}`)
  }
  // The last character carries spare bits: another one may stand for the same bytes.
  for (const last of 'ABCQRghwx'.replace(sealed.at(-1) ?? '', ''))
    unreadable(t, () => keyring.open(sealed.slice(0, -1) + last), `ends with ${last}`)
  t.throws(() => keyring.open(sealed.replace('.e1.', '.e2.')), UnreadableSecret)
  t.throws(() => keyring.open(sealed.replace('.contact.', '.visit.')), UnreadableSecret)
  t.match(sealed, '%2F')
  unreadable(t, () => keyring.open(sealed.replace('%2F', '%2f')), 'the same label, written in another way')
})

t.test('a destroyed key: nothing can be opened or written, others are untouched', async (t) => {
  const file = fileIn(t)
  const keyring = openKeyring({ file, keyEncryptionKey, now: () => '2026-04-01T00:00:00.000Z' })
  t.teardown(() => keyring.close())
  const [gone, hers] = keyring.seal([of('x'), ofPerson('y')])
  const kept = sealOne(keyring, of('z', 'another'))
  t.equal(await keyring.destroy({ familyId: FAMILY, because: 'e9' }), 2)
  t.equal(await keyring.destroy({ familyId: FAMILY, because: 'e10' }), 0)
  t.strictSame([keyring.open(gone ?? ''), keyring.open(hers ?? '')], [ERASED, ERASED])
  t.equal(keyring.open(kept), 'z')
  t.strictSame(keyring.destroyed(FAMILY), { at: '2026-04-01T00:00:00.000Z', because: 'e9' })
  t.throws(() => sealOne(keyring, of('again')), KeyDestroyed)
  t.throws(
    () =>
      sealOne(keyring, { ...ofPerson('new'), owner: { kind: 'person', familyId: FAMILY, personId: 'p2' } }),
    KeyDestroyed,
  )
  await keyring.destroy({ familyId: 'never-known', because: 'e11' })
  t.throws(() => sealOne(keyring, of('x', 'never-known')), KeyDestroyed)
})

t.test('a destroyed key’s bytes are in no file any more', async (t) => {
  const file = fileIn(t)
  const keyring = openKeyring({ file, keyEncryptionKey })
  t.teardown(() => keyring.close())
  // Enough of them to fill pages: in a single page SQLite happens to write over what was removed.
  const families = Array.from({ length: 400 }, (_, i) => `family-${i}`)
  keyring.seal(families.map((familyId) => of('x', familyId)))
  const wrapped = keysIn(file)
  const gone = families.filter((_, i) => i % 3 === 0)
  for (const familyId of gone) await keyring.destroy({ familyId, because: 'e9' })
  const bytes = bytesIn(file)
  const left = families.filter((family) => bytes.includes(wrapped.get(family) ?? 'no such key'))
  t.strictSame(
    left,
    families.filter((family) => !gone.includes(family)),
  )
})

t.test('a stream’s key goes under its family’s: opened as before, ended with it', async (t) => {
  const file = fileIn(t)
  const first = openKeyring({ file, keyEncryptionKey })
  const sealed = sealOne(first, ofStream('隣の人から'))
  const before = keysIn(file).get(null)
  t.equal(await first.adopt('visit-1', FAMILY), false)
  t.equal(first.open(sealed), '隣の人から')
  first.close()
  const keyring = openKeyring({ file, keyEncryptionKey })
  t.teardown(() => keyring.close())
  t.equal(keyring.open(sealed), '隣の人から', 'after a restart')
  const once = keysIn(file).get(FAMILY)
  await keyring.adopt('visit-1', FAMILY)
  await keyring.adopt('visit-2', FAMILY)
  t.strictSame(keysIn(file).get(FAMILY), once, 'again, and without a key: nothing changes')
  const later = sealOne(keyring, ofStream('後から', FAMILY))
  t.strictSame([sealed, later].map(keyring.open), ['隣の人から', '後から'])
  t.equal(await keyring.destroy({ familyId: FAMILY, because: 'e9' }), 2)
  t.strictSame([sealed, later].map(keyring.open), [ERASED, ERASED])
  t.ok(before && once && !before.equals(once))
  for (const wrapped of [before, once])
    t.notOk(
      bytesIn(file).includes(wrapped ?? 'no such key'),
      'nothing of it is left, as it lay before or after',
    )
})

t.test('a stream that two families had ends with the first of them, and begins anew', async (t) => {
  for (const erased of [FAMILY, 'another']) {
    const keyring = openKeyring({ file: `${fileIn(t)}-${erased}`, keyEncryptionKey })
    t.teardown(() => keyring.close())
    const sealed = sealOne(keyring, ofStream('x', FAMILY))
    await keyring.adopt('visit-1', 'another')
    await keyring.adopt('visit-1', 'another')
    t.equal(keyring.open(sealed), 'x')
    await keyring.destroy({ familyId: erased, because: 'e9' })
    t.equal(keyring.open(sealed), ERASED)
    t.throws(() => sealOne(keyring, ofStream('y', erased)), KeyDestroyed)
    const [left = ''] = [FAMILY, 'another'].filter((one) => one !== erased)
    t.equal(keyring.open(sealOne(keyring, ofStream('z', left))), 'z')
    t.equal(keyring.open(sealed), ERASED)
  }
})

t.test('a stream that comes to a family already erased is to be destroyed with it', async (t) => {
  const keyring = openKeyring({ file: fileIn(t), keyEncryptionKey })
  t.teardown(() => keyring.close())
  const sealed = sealOne(keyring, ofStream('x'))
  await keyring.destroy({ familyId: FAMILY, because: 'e9' })
  t.throws(() => sealOne(keyring, ofStream('y', FAMILY)), KeyDestroyed)
  for (let i = 0; i < 2; i++) t.equal(await keyring.adopt('visit-1', FAMILY), true)
  t.equal(await keyring.destroy({ familyId: FAMILY, because: 'e10' }), 1)
  t.equal(keyring.open(sealed), ERASED)
  t.equal(await keyring.adopt('visit-1', FAMILY), false)
})

t.test('how far erasures have come is not taken back by a process that is behind', async (t) => {
  const keyring = openKeyring({ file: fileIn(t), keyEncryptionKey })
  t.teardown(() => keyring.close())
  t.equal(keyring.erasedUpTo(), 0n)
  for (const position of [5n, 3n]) keyring.noteErasedUpTo(position)
  t.equal(keyring.erasedUpTo(), 5n)
})

t.test('another key file, another key-encryption key: said, not an empty family', async (t) => {
  const file = fileIn(t)
  const keyring = openKeyring({ file, keyEncryptionKey })
  const sealed = sealOne(keyring, of('x'))
  keyring.close()
  t.throws(() => openKeyring({ file, keyEncryptionKey: randomBytes(32) }), KeyMissing)
  const fresh = openKeyring({ file: `${file}.new`, keyEncryptionKey })
  t.teardown(() => fresh.close())
  t.throws(() => fresh.open(sealed), KeyMissing)
})

t.test('a key destroyed by another process is not written under from memory', async (t) => {
  const file = fileIn(t)
  const [one, other] = [openKeyring({ file, keyEncryptionKey }), openKeyring({ file, keyEncryptionKey })]
  t.teardown(() => [one, other].map((keyring) => keyring.close()))
  const sealed = sealOne(one, of('x'))
  t.equal(one.open(sealed), 'x')
  await other.destroy({ familyId: FAMILY, because: 'e9' })
  t.throws(() => sealOne(one, of('y')), KeyDestroyed)
  t.equal(one.open(sealed), ERASED)
})

t.test(
  'what is opened at once is of one moment: a key destroyed meanwhile is gone with the next',
  async (t) => {
    const file = fileIn(t)
    const [one, other] = [openKeyring({ file, keyEncryptionKey }), openKeyring({ file, keyEncryptionKey })]
    t.teardown(() => [one, other].map((keyring) => keyring.close()))
    const [x = '', y = ''] = one.seal([of('x'), of('y')])
    const page = one.atOnce(() => {
      const first = one.open(x)
      void other.destroy({ familyId: FAMILY, because: 'e9' })
      return [first, one.open(y)]
    })
    t.strictSame(page, ['x', 'y'], 'no page with half a family')
    t.strictSame([one.open(x), one.atOnce(() => one.open(y))], [ERASED, ERASED])
  },
)

t.test(
  'what this process itself destroys, or another had destroyed before, is not opened at once either',
  async (t) => {
    const file = fileIn(t)
    const [one, other] = [openKeyring({ file, keyEncryptionKey }), openKeyring({ file, keyEncryptionKey })]
    t.teardown(() => [one, other].map((keyring) => keyring.close()))
    const [mine = '', theirs = ''] = one.seal([of('x'), of('y', 'another')])
    t.equal(one.open(theirs), 'y')
    await other.destroy({ familyId: 'another', because: 'e8' })
    one.atOnce(() => {
      t.equal(one.open(mine), 'x')
      t.equal(one.open(theirs), ERASED)
      void one.destroy({ familyId: FAMILY, because: 'e9' })
      t.equal(one.open(mine), ERASED)
    })
    t.throws(() =>
      one.atOnce(() => {
        throw new RangeError('broken')
      }),
    )
    t.equal(one.open(mine), ERASED)
  },
)

t.test('while a reader holds the file, the key’s bytes are not gone, and that is said', async (t) => {
  const file = fileIn(t)
  const keyring = openKeyring({ file, keyEncryptionKey, lockWaitMs: 50 })
  const reader = new Database(file, { readonly: true })
  t.teardown(() => keyring.close())
  const sealed = sealOne(keyring, of('x'))
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM key').get()
  const destroy = () => keyring.destroy({ familyId: FAMILY, because: 'e9' })
  await t.rejects(destroy, { name: 'KeyLingers' })
  t.equal(keyring.open(sealed), ERASED)
  reader.close()
  t.equal(await destroy(), 0)
})

t.test('nobody can type in a sealed value', async (t) => {
  const keyring = openKeyring({ file: fileIn(t), keyEncryptionKey })
  t.teardown(() => keyring.close())
  const sealed = sealOne(keyring, of('x'))
  t.notOk(text().safeParse(sealed).success)
  t.notOk(plainText().safeParse(sealed).success)
})
