import { once } from 'node:events'
import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { eventLogFile } from '#src/data/files.ts'
import { type Environment, run, saysItInOneLine, served, start } from './kit/run.ts'

const uuid = (kind: number, number: number) =>
  `0000000${kind}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`

const visitLine = (number: number, more: object = {}) => ({
  collection: 'visits',
  command: 'record',
  id: uuid(1, number),
  data: { visitors: ['mother'], children: 1, occurredOn: '2019-05-14' },
  sourceSystem: 'paper',
  ...more,
})
const ndjson = (lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

const template = t.testdir()
const hub = ['--organization', 'ORG-141097-H', '--site', 'SITE-141097-1']
const clerk = ['token', '--role', 'hubStaff', ...hub, '--staff', 'clerk']
const begun = await run(t, clerk, { DATA_DIR: template })
await run(t, ['token', '--role', 'hubDirector', ...hub, '--staff', 'director'], { DATA_DIR: template })

/** A log with two people in it, the same for every test. */
const house = (t: Test) => {
  const dir = t.testdir()
  const env = { DATA_DIR: join(dir, 'data') }
  cpSync(template, env.DATA_DIR, { recursive: true })
  return {
    env,
    dir,
    file(text: string): string {
      const path = join(dir, 'lines.ndjson')
      writeFileSync(path, text)
      return path
    },
  }
}

const recorded = async (t: Test, env: Environment) => {
  const { out } = await run(t, ['replay', '--json'], env)
  const events = out
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          type: string
          stream: string
          metadata: Record<string, unknown> & { actor: { staffId: string } }
        },
    )
  return events.filter(({ type }) => type === 'VisitRecorded')
}

t.test('lines are carried out with their source, and again they are already there', async (t) => {
  const { env, file } = house(t)
  const path = file(
    ndjson([
      visitLine(1),
      visitLine(2, { idempotencyKey: 'paper-2', sourceRecordedAt: '2019-05-15T10:00:00+09:00' }),
      visitLine(3, { staff: 'director' }),
    ]),
  )
  const first = await run(t, ['import', path, '--staff', 'clerk', '--json'], env)
  t.equal(first.code, 0, first.err)
  t.strictSame(JSON.parse(first.out), { lines: 3, imported: 3, already: 0, refused: 0 })
  const again = await run(t, ['import', path, '--staff', 'clerk'], env)
  t.equal(again.code, 0)
  t.match(again.out, /3 lines: 0 imported, 3 already there, 0 refused/)
  const visits = await recorded(t, env)
  t.match(
    visits.map(({ metadata }) => metadata),
    [
      { sourceSystem: 'paper', occurredOn: '2019-05-14', actor: { staffId: 'clerk' } },
      { commandId: 'paper-2', sourceRecordedAt: '2019-05-15T10:00:00+09:00' },
      { actor: { staffId: 'director' } },
    ],
  )
})

t.test(
  'refused lines are named with number, code and reason, kept for correction, and stop nothing',
  async (t) => {
    const { env, dir, file } = house(t)
    const bad = {
      json: '{"collection": "visits",',
      nobody: JSON.stringify(visitLine(4, { data: { visitors: [] } })),
      unknown: JSON.stringify({ ...visitLine(5), command: 'imagine' }),
      stranger: JSON.stringify(visitLine(6, { staff: 'nobody-here' })),
      long: JSON.stringify(visitLine(7, { sourceSystem: 'x'.repeat(70_000) })),
    }
    const good = [1, 2, 3].map((number) =>
      JSON.stringify(
        visitLine(number, { data: { visitors: ['mother'], childAdded: undefined, arrivedAt: undefined } }),
      ),
    )
    const text = `\uFEFF${good[0]}\r\n\r\n${bad.json}\n${bad.nobody}\n   \n${good[1]}\n${bad.unknown}\n${bad.stranger}\n${bad.long}\n${good[2]}`
    const rejects = join(dir, 'rejects.ndjson')
    const ran = await run(t, ['import', file(text), '--staff', 'clerk', '--rejects', rejects], env)
    saysItInOneLine(t, ran, /^line 3: request\/malformed/m)
    t.match(ran.err, /^line 4: request\/invalid .*\/visitors nobody came/m)
    t.match(ran.err, /^line 7: request\/not-found/m)
    t.match(ran.err, /^line 8: import\/unknown-staff/m)
    t.match(ran.err, /^line 9: request\/too-large/m)
    t.match(ran.out, /8 lines: 3 imported, 0 already there, 5 refused/)
    t.strictSame(readFileSync(rejects, 'utf8').split('\n').slice(0, 4), [
      bad.json,
      bad.nobody,
      bad.unknown,
      bad.stranger,
    ])
    t.equal((await recorded(t, env)).length, 3)
  },
)

t.test('a line separator inside a text is not the end of a line', async (t) => {
  const { env, file } = house(t)
  const note = { data: { visitors: ['mother'], toldBy: '母\u2028さん' } }
  const ran = await run(t, ['import', file(ndjson([visitLine(1, note)])), '--staff', 'clerk'], env)
  t.equal(ran.code, 0, ran.err)
})

t.test('without anybody who imports nothing is imported', async (t) => {
  const { env, file } = house(t)
  const path = file(ndjson([visitLine(1)]))
  saysItInOneLine(t, await run(t, ['import', path], env), /line 1: import\/no-staff/)
  saysItInOneLine(
    t,
    await run(t, ['import', path, '--staff', 'ghost'], env),
    /nobody is registered under --staff ghost/,
  )
  saysItInOneLine(t, await run(t, ['import', `${path}.missing`, '--staff', 'clerk'], env), /no such file/)
})

t.test('killed in the middle and run again: everything once', async (t) => {
  const { env, file } = house(t)
  const path = file(ndjson(Array.from({ length: 1_500 }, (_, i) => visitLine(i + 1))))
  const size = () => statSync(`${eventLogFile(env.DATA_DIR)}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const { child } = start(t, ['import', path, '--staff', 'clerk'], env)
  while (size() < 400_000 && child.exitCode === null) await sleep(5)
  child.kill('SIGKILL')
  await once(child, 'close')
  const half = (await recorded(t, env)).length
  t.ok(half > 0 && half < 1_500, `killed after ${half} of 1500`)
  const again = await run(t, ['import', path, '--staff', 'clerk', '--json'], env)
  t.equal(again.code, 0, again.err)
  t.strictSame(JSON.parse(again.out), { lines: 1_500, imported: 1_500 - half, already: half, refused: 0 })
  const streams = (await recorded(t, env)).map(({ stream }) => stream)
  t.equal(new Set(streams).size, 1_500)
  t.equal(streams.length, 1_500)
})

t.test('an import runs beside a server that is recording', async (t) => {
  const { env, file } = house(t)
  const door = await served(t, env)
  const headers = { authorization: `Bearer ${begun.out.trim()}`, 'content-type': 'application/json' }
  const importing = run(
    t,
    ['import', file(ndjson(Array.from({ length: 300 }, (_, i) => visitLine(i + 1)))), '--staff', 'clerk'],
    env,
  )
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      fetch(`${door.address}/v1/visits/${uuid(2, i)}/record`, {
        method: 'POST',
        headers,
        body: '{"visitors":["father"]}',
      }),
    ),
  )
  t.ok(answers.every(({ status }) => status === 201))
  t.equal((await importing).code, 0)
  t.equal((await recorded(t, env)).length, 400)
  t.equal((await run(t, ['verify'], env)).code, 0)
  t.equal(await door.stop(), 0)
})
