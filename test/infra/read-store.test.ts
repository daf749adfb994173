import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Stored } from '#domain/kernel/event-store.ts'
import { type Projection, type Query, ViewNotReady } from '#domain/kernel/projection.ts'
import { CheckpointMoved } from '#infra/read-store/errors.ts'
import { listStatements } from '#infra/read-store/query.ts'
import { openReadStore } from '#infra/read-store/read-store.ts'
import { openReadStoreWriter, type ReadStoreWriter } from '#infra/read-store/writer.ts'
import {
  changed,
  decode,
  marked,
  type Note,
  noteStream,
  notes,
  tally,
  thrownAway,
  written,
} from '#test/projections/kit/notes.ts'

const fileOf = (t: Test): string => join(t.testdir(), 'views.db')

const openWriter = (
  t: Test,
  file: string,
  onSetAside?: (aside: string, cause: unknown) => void,
): ReadStoreWriter => {
  const writer = openReadStoreWriter({ file, ...(onSetAside && { onSetAside }) })
  t.teardown(() => writer.close())
  return writer
}

const openViews = (t: Test, file: string, onDamage?: (cause: unknown) => void) => {
  const views = openReadStore({ file, ...(onDamage && { onDamage }) })
  t.teardown(() => views.close())
  return views
}

const tableIn = (db: Database.Database) =>
  db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'notes#%'").pluck().get()

type Fact = ReturnType<typeof written>

const recorded = (facts: readonly Fact[], from = 0) =>
  facts.map(
    (fact, index): Stored => ({
      ...fact,
      stream: noteStream,
      version: from + index + 1,
      position: BigInt(from + index + 1),
    }),
  )

/** Builds a view from facts in batches of this size, and swaps it in. */
const build = (writer: ReadStoreWriter, of: Projection, facts: readonly Fact[], batch = 1_000) => {
  const fold = writer.fold(of, writer.begin(of))
  for (let at = 0; at < facts.length; at += batch) {
    for (const stored of recorded(facts.slice(at, at + batch), at)) fold.apply(decode(stored))
    writer.commit([fold])
  }
  return writer.fold(of, writer.publish(fold))
}

await t.test('nothing can be read before the first build, everything after it', async (t) => {
  const file = fileOf(t)
  const views = openViews(t, file)
  t.throws(() => views.reader(notes), ViewNotReady, 'no file yet')
  t.equal(views.checkpoint('notes'), 0n)
  const writer = openWriter(t, file)
  const fold = writer.fold(notes, writer.begin(notes))
  for (const stored of recorded([written('a', { about: 'x' })])) fold.apply(decode(stored))
  writer.commit([fold])
  t.throws(() => views.reader(notes), ViewNotReady, 'being built')
  writer.publish(fold)
  t.strictSame(views.reader(notes).get('a'), { note: 'a', about: 'x', marks: 0 })
  t.equal(views.reader(notes).get('b'), undefined)
  t.equal(views.checkpoint('notes'), 1n)
})

await t.test('rows and checkpoints of a batch are written together or not at all', async (t) => {
  const file = fileOf(t)
  const writer = openWriter(t, file)
  const first = [written('a')]
  const [one, other] = [build(writer, notes, first), build(writer, tally, first)]
  const views = openViews(t, file)
  for (const stored of recorded([marked('a'), written('b')], 1))
    for (const fold of [one, other]) fold.apply(decode(stored))
  const broken = {
    ...other,
    write: () => {
      throw new Error('the process dies here')
    },
  }
  t.throws(() => writer.commit([one, broken]), /dies here/)
  t.strictSame([views.checkpoint('notes'), views.checkpoint('tally')], [1n, 1n])
  t.strictSame(views.reader(notes).list({}), [{ note: 'a', marks: 0 }])
  writer.commit([one, other])
  t.strictSame([views.checkpoint('notes'), views.checkpoint('tally')], [3n, 3n])
  t.equal(views.reader(notes).get('a')?.marks, 1)
  t.strictSame(views.reader(tally).get('all'), { events: 3 })
})

await t.test('an event that a projection cannot get over leaves no half of itself', async (t) => {
  const file = fileOf(t)
  const writer = openWriter(t, file)
  const breaking = changed(notes, {
    apply(event, rows) {
      const { note } = event.data as Note
      rows.put('kept', { note: 'kept', marks: Number(rows.get('kept') !== undefined) })
      rows.put(note, { note, marks: 0 })
      rows.delete('first')
      if (note === 'bad') throw new Error('bad')
    },
  })
  const fold = writer.fold(breaking, writer.begin(breaking))
  const [first, bad] = recorded([written('first'), written('bad')]) as [Stored, Stored]
  fold.apply(decode(first))
  t.throws(() => fold.apply(decode(bad)), /bad/)
  t.equal(fold.position(), 1n)
  writer.commit([fold])
  writer.publish(fold)
  t.strictSame(openViews(t, file).reader(breaking).list({}), [{ note: 'kept', marks: 0 }])
})

await t.test('what a projection declares and puts is checked where it can be blamed', async (t) => {
  const writer = openWriter(t, fileOf(t))
  const [stored] = recorded([written('a')]) as [Stored]
  const putting = (columns: Projection['columns'], row: unknown) => () => {
    const of = changed(notes, { columns, indexes: [], apply: (_, rows) => rows.put('a', row) })
    writer.fold(of, writer.begin(of)).apply(decode(stored))
  }
  t.throws(putting({ a: { type: 'integer', of: () => 1.5 } }, {}), /column a is not of type integer/)
  t.throws(putting({ a: { type: 'text', of: () => 1 } }, {}), /column a is not of type text/)
  t.throws(putting({}, { big: 1n }), TypeError)
  t.throws(putting({}, undefined))
  t.throws(putting({ 'a"; DROP': { type: 'text', of: () => '' } }, {}), /no column can be called/)
  t.throws(putting({ body: { type: 'text', of: () => '' } }, {}), /no column can be called/)
  t.throws(() => writer.begin(changed(notes, { indexes: [['nowhere']] })), /not declared/)
  t.throws(() => writer.begin(changed(notes, { name: 'Notes"' })), /not a kebab-case name/)
})

const note = fc.constantFrom('a', 'b')
const someFacts = fc.array(
  fc.oneof(
    fc.tuple(note, fc.constantFrom({}, { about: 'x' }, { due: 1 })).map((args) => written(...args)),
    fc.tuple(note, fc.constantFrom(undefined, 'red', 'blue')).map((args) => marked(...args)),
    note.map(thrownAway),
  ),
  { maxLength: 40, size: 'max' },
)

await t.test('the fingerprint is the same however the log was cut into batches', async (t) => {
  const file = fileOf(t)
  const writer = openWriter(t, file)
  const views = openViews(t, file)
  fc.assert(
    fc.property(someFacts, fc.integer({ min: 1, max: 10 }), (facts, batch) => {
      build(writer, notes, facts, 1_000)
      const atOnce = views.fingerprint('notes')
      build(writer, notes, facts, batch)
      t.strictSame(views.fingerprint('notes'), atOnce)
    }),
    { numRuns: 100 },
  )
})

await t.test('the fingerprint sees a change in a row, a column or a key', async (t) => {
  const file = fileOf(t)
  const writer = openWriter(t, file)
  const views = openViews(t, file)
  const db = new Database(file)
  t.teardown(() => db.close())
  const facts = [written('a', { about: 'x' }), written('b')]
  build(writer, notes, facts)
  const before = views.fingerprint('notes')?.digest
  for (const change of [`body = replace(body, '"a"', '"ä"')`, "about = 'y'", "key = 'z'"]) {
    build(writer, notes, facts)
    t.equal(views.fingerprint('notes')?.digest, before)
    db.exec(`UPDATE "${tableIn(db)}" SET ${change} WHERE key = 'a'`)
    t.not(views.fingerprint('notes')?.digest, before, change)
  }
})

/** Rows with gaps and equals in both columns. */
const shelf = [
  written('a', { about: 'x', due: 1 }),
  written('b', { about: 'x', due: 2 }),
  written('c', { about: 'y', due: 2 }),
  written('d', { about: 'y' }),
  written('e', { due: 1 }),
  written('f'),
  written('g', { about: 'x', due: 2 }),
]

await t.test('conditions: equal, one of, ranges, nothing', async (t) => {
  const file = fileOf(t)
  build(openWriter(t, file), notes, shelf)
  const reader = openViews(t, file).reader(notes)
  const found = (where: NonNullable<Query['where']>) => {
    const names = reader
      .list({ where })
      .map(({ note }) => note)
      .join('')
    t.equal(reader.count({ where }), names.length)
    return names
  }
  t.equal(found({}), 'abcdefg')
  t.equal(found({ about: 'x' }), 'abg')
  t.equal(found({ about: null }), 'ef')
  t.equal(found({ about: ['x', 'y'] }), 'abcdg')
  t.equal(found({ about: ['y', null] }), 'cdef')
  t.equal(found({ about: [] }), '')
  t.equal(found({ due: { gt: 1 } }), 'bcg')
  t.equal(found({ due: { gte: 1, lt: 2 } }), 'ae')
  t.equal(found({ due: { lte: 1 }, about: 'x' }), 'a')
  t.equal(found({ about: "x' OR '1'='1" }), '')
  t.equal(found({ key: 'd' }), 'd')
})

await t.test('a column that is not declared never becomes SQL', async (t) => {
  const file = fileOf(t)
  build(openWriter(t, file), notes, shelf)
  const reader = openViews(t, file).reader(notes)
  t.throws(() => reader.list({ where: { 'about" OR 1=1 --': 'x' } }), RangeError)
  t.throws(() => reader.list({ where: { body: 'x' } }), RangeError)
  t.throws(() => reader.count({ where: { nowhere: 'x' } }), RangeError)
  t.throws(() => reader.list({ orderBy: [['nowhere', 'asc']] }), RangeError)
  t.throws(() => reader.list({ orderBy: [['about', 'asc; DROP' as 'asc']] }), RangeError)
  t.throws(() => reader.list({ where: { due: { like: 1 } as object } }), RangeError)
  t.throws(() => reader.list({ orderBy: [['about', 'asc']], startAfter: [] }), RangeError)
})

/** NULL sorts before everything else. */
const by =
  (orderBy: readonly (readonly [string, 'asc' | 'desc'])[]) =>
  (one: Note, other: Note): number => {
    const values = (row: Note): readonly (string | number)[] => [row.about ?? '', row.due ?? -1, row.note]
    for (const [index, [, direction]] of orderBy.entries()) {
      const [x, y] = [values(one)[index] ?? '', values(other)[index] ?? '']
      if (x !== y) return x < y === (direction === 'asc') ? -1 : 1
    }
    return 0
  }

await t.test('paging goes through every row once, in any mix of directions, gaps included', async (t) => {
  const file = fileOf(t)
  build(openWriter(t, file), notes, shelf)
  const reader = openViews(t, file).reader(notes)
  const direction = fc.constantFrom('asc' as const, 'desc' as const)
  fc.assert(
    fc.property(
      fc.tuple(direction, direction, direction),
      fc.integer({ min: 1, max: 8 }),
      ([a, d, k], limit) => {
        const orderBy = [
          ['about', a],
          ['due', d],
          ['key', k],
        ] as const
        const whole = reader.list({ orderBy })
        t.strictSame(whole, [...whole].sort(by(orderBy)), 'in order')
        const paged: Note[] = []
        for (let page = reader.list({ orderBy, limit }); page.length > 0; ) {
          paged.push(...page)
          const { about, due, note } = page.at(-1) as Note
          page = reader.list({ orderBy, limit, startAfter: [about ?? null, due ?? null, note] })
        }
        t.strictSame(paged, whole)
      },
    ),
    { numRuns: 60 },
  )
})

await t.test('a page far down a long list walks the index and not the list', async (t) => {
  const file = fileOf(t)
  build(openWriter(t, file), notes, [written('a', { about: 'x', due: 1 })])
  const db = new Database(file)
  t.teardown(() => db.close())
  const query: Query = { where: { about: 'x' }, orderBy: [['due', 'desc']], startAfter: [5], limit: 2 }
  const [next] = listStatements(`"${tableIn(db)}"`, ['about', 'due', 'marks'], query)
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${next?.sql}`).all(...(next?.values ?? []), 2) as {
    detail: string
  }[]
  t.match(plan[0]?.detail, /USING INDEX .* \(about=\? AND due<\?\)/)
})

await t.test(
  'while a view is built beside, the old one is read; the swap is seen at the next read',
  async (t) => {
    const file = fileOf(t)
    const writer = openWriter(t, file)
    build(writer, notes, [written('old')])
    const reader = openViews(t, file).reader(notes)
    t.equal(reader.list({}).length, 1)
    const fold = writer.fold(notes, writer.begin(notes))
    for (const stored of recorded([written('old'), written('new')])) fold.apply(decode(stored))
    writer.commit([fold])
    t.strictSame(
      reader.list({}).map(({ note }) => note),
      ['old'],
    )
    writer.publish(fold)
    t.strictSame(
      reader.list({}).map(({ note }) => note),
      ['new', 'old'],
    )
    t.equal(reader.get('new')?.note, 'new')
    const db = new Database(file, { readonly: true })
    t.teardown(() => db.close())
    t.equal(
      db
        .prepare("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE 'notes#%'")
        .pluck()
        .get(),
      1,
    )
  },
)

await t.test('an older version serves as long as it has every column the new one asks for', async (t) => {
  const file = fileOf(t)
  const writer = openWriter(t, file)
  build(writer, notes, [written('a')])
  const views = openViews(t, file)
  const second = changed(notes, { version: 2 })
  const wider = changed(notes, {
    version: 3,
    columns: { ...notes.columns, length: { type: 'integer', of: () => 1 } },
  })
  t.equal(views.reader(second).list({}).length, 1)
  t.throws(() => views.reader(wider), ViewNotReady)
  build(writer, wider, [written('a')])
  t.equal(views.reader(wider).count({ where: { length: 1 } }), 1)
  t.equal(views.fingerprint('notes')?.version, 3)
})

await t.test(
  'a checkpoint that somebody else has moved stops a commit, and nothing of it is written',
  async (t) => {
    const file = fileOf(t)
    const [mine, theirs] = [openWriter(t, file), openWriter(t, file)]
    const fold = build(mine, notes, [written('a')])
    const [generation] = theirs.generations()
    if (!generation) throw new Error('not there')
    const other = theirs.fold(notes, generation)
    const [next] = recorded([written('b')], 1) as [Stored]
    fold.apply(decode(next))
    other.apply(decode(next))
    theirs.commit([other])
    t.throws(() => mine.commit([fold]), CheckpointMoved)
    t.equal(openViews(t, file).reader(notes).count({}), 2)
    build(theirs, notes, [written('a')])
    t.throws(() => mine.commit([fold]), CheckpointMoved, 'its table is gone')
  },
)

const spoil = (file: string, at: number) => {
  const bytes = readFileSync(file)
  bytes.fill(0x5a, at, at + 4_000)
  writeFileSync(file, bytes)
}

await t.test('a damaged file is set aside, loudly, and a new one begun', async (t) => {
  for (const damage of ['header', 'registry', 'not a database']) {
    const file = join(t.testdir({}), `${damage}.db`)
    const first = openReadStoreWriter({ file })
    build(first, notes, [written('a')])
    first.close()
    if (damage === 'not a database') writeFileSync(file, 'これはデータベースではない'.repeat(100))
    else spoil(file, damage === 'header' ? 0 : 8_192)
    const told: string[] = []
    const writer = openWriter(t, file, (aside) => told.push(aside))
    t.strictSame(told, [`${file}.broken-1`], damage)
    t.ok(existsSync(`${file}.broken-1`))
    t.strictSame(writer.generations(), [])
    build(writer, notes, [written('a')])
    t.equal(openViews(t, file).reader(notes).count({}), 1)
  }
})

await t.test('a reader that meets damage says so, and reads the new file once it is there', async (t) => {
  const file = fileOf(t)
  const first = openReadStoreWriter({ file })
  build(
    first,
    notes,
    Array.from({ length: 500 }, (_, n) => written(`note ${n} ${'.'.repeat(200)}`)),
  )
  first.close()
  const told: unknown[] = []
  const views = openViews(t, file, (cause) => told.push(cause))
  const pages = readFileSync(file).length / 8_192
  for (let page = 3; page < pages; page += 1) spoil(file, page * 8_192)
  t.throws(() => views.reader(notes).list({}), ViewNotReady)
  t.equal(told.length, 1)
  const writer = openWriter(t, file)
  writer.renew(told[0])
  build(writer, notes, [written('a')])
  await new Promise((resolve) => setTimeout(resolve, 250))
  t.strictSame(views.reader(notes).list({}), [{ note: 'a', marks: 0 }])
})

await t.test('a writer whose file was replaced under it does not write into the dark', async (t) => {
  const file = fileOf(t)
  const [mine, theirs] = [openWriter(t, file), openWriter(t, file)]
  const fold = build(mine, notes, [written('a')])
  theirs.renew(new Error('damaged'))
  for (const stored of recorded([written('b')], 1)) fold.apply(decode(stored))
  t.throws(() => mine.commit([fold]), { name: 'ReadStoreDamaged' })
  mine.renew(new Error('replaced'))
  t.notOk(existsSync(`${file}.broken-2`), 'the new file is nobody’s to set aside')
  t.strictSame(mine.generations(), [])
})
