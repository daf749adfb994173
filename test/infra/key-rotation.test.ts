import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import t from 'tap'
import { ERASED, KeyMissing, type Plain } from '#domain/kernel/keyring.ts'
import { openKeyring } from '#infra/keys/keyring.ts'

const [from, to] = [randomBytes(32), randomBytes(32)]
const of = (i: number): Plain => ({
  owner:
    i % 3 === 0
      ? { kind: 'person', familyId: `f${i}`, personId: 'p' }
      : i % 3 === 1
        ? { kind: 'family', familyId: `f${i}` }
        : { kind: 'staff', staffId: `s${i}` },
  eventId: 'e1',
  field: '/data/name',
  dataClass: 'registration',
  text: `text ${i}`,
})
const texts = Array.from({ length: 60 }, (_, i) => `text ${i}`)

const filled = (file: string) => {
  const keyring = openKeyring({ file, keyEncryptionKey: from })
  const sealed = keyring.seal(texts.map((_, i) => of(i)))
  const blind = keyring.blind('name')
  keyring.close()
  return { sealed, blind }
}
const wrappedIn = (file: string): readonly Buffer[] => {
  const db = new Database(file, { readonly: true })
  const rows = db.prepare<[], Buffer>('SELECT wrapped FROM key WHERE under IS NOT NULL').pluck().all()
  db.close()
  return rows
}

t.test(
  'keys are wrapped anew, what lies under them stays; both are read meanwhile, then the new one alone',
  async (t) => {
    const file = join(t.testdir(), 'keys.db')
    const { sealed, blind } = filled(file)
    const before = wrappedIn(file)
    t.throws(() => openKeyring({ file, keyEncryptionKey: to }), KeyMissing)
    const both = openKeyring({ file, keyEncryptionKey: to, previousKeyEncryptionKey: from })
    t.equal(both.rotate(7), 7)
    const halfway = openKeyring({ file, keyEncryptionKey: to, previousKeyEncryptionKey: from })
    t.strictSame(sealed.map(halfway.open), texts)
    halfway.seal([{ ...of(1), owner: { kind: 'family', familyId: 'new' } }])
    halfway.close()
    while (both.rotate(7) > 0);
    both.close()
    const after = openKeyring({ file, keyEncryptionKey: to })
    t.strictSame(sealed.map(after.open), texts)
    t.equal(after.blind('name'), blind, 'what was looked up is found again')
    after.close()
    t.throws(() => openKeyring({ file, keyEncryptionKey: from }), KeyMissing, 'the old one opens nothing')
    for (const name of readdirSync(dirname(file))) {
      const bytes = readFileSync(join(dirname(file), name))
      t.notOk(
        before.some((wrapped) => bytes.includes(wrapped)),
        `${name} holds nothing of the old`,
      )
    }
  },
)

t.test(
  'a stream’s key that goes under its family’s meanwhile is read before, between and after',
  async (t) => {
    const file = join(t.testdir(), 'keys.db')
    const streams = ['visit-1', 'visit-2', 'visit-3']
    const ofStream = (stream: string): Plain => ({
      ...of(1),
      owner: { kind: 'stream', stream },
      text: stream,
    })
    const first = openKeyring({ file, keyEncryptionKey: from })
    const sealed = first.seal(streams.map(ofStream))
    await first.adopt('visit-1', 'f1')
    first.close()
    const both = openKeyring({ file, keyEncryptionKey: to, previousKeyEncryptionKey: from })
    await both.adopt('visit-2', 'f1')
    t.strictSame(sealed.map(both.open), streams)
    both.rotate(1)
    await both.adopt('visit-3', 'f2')
    t.strictSame(sealed.map(both.open), streams)
    while (both.rotate(1) > 0);
    both.close()
    const after = openKeyring({ file, keyEncryptionKey: to })
    t.teardown(() => after.close())
    t.strictSame(sealed.map(after.open), streams)
    await after.destroy({ familyId: 'f1', because: 'e9' })
    t.strictSame(sealed.map(after.open), [ERASED, ERASED, 'visit-3'])
  },
)

t.test('killed at any key, it goes on where it was', async (t) => {
  const file = join(t.testdir(), 'keys.db')
  const { sealed } = filled(file)
  const program = fileURLToPath(new URL('./kit/rotating.ts', import.meta.url))
  const run = async (dots: number): Promise<string> => {
    const child = spawn(process.execPath, [
      '--import=tsx',
      program,
      file,
      to.toString('base64'),
      from.toString('base64'),
    ])
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
      if (said.length >= dots) child.kill('SIGKILL')
    })
    await once(child, 'close')
    return said
  }
  let killed = 0
  for (const dots of [1, 3, 9]) {
    if (!(await run(dots)).endsWith('done')) killed += 1
    const between = openKeyring({ file, keyEncryptionKey: to, previousKeyEncryptionKey: from })
    t.strictSame(sealed.map(between.open), texts, `after ${dots}`)
    between.close()
  }
  t.ok(killed > 0, `${killed} times killed on the way`)
  t.match(await run(1_000), /done$/)
  const after = openKeyring({ file, keyEncryptionKey: to })
  t.strictSame(sealed.map(after.open), texts)
  after.close()
})
