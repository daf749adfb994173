import Database from 'better-sqlite3'
import t from 'tap'
import { tanaka } from '#src/cli/demo/stories/tanaka.ts'
import { run, saysItInOneLine, served } from './kit/run.ts'

const COMMANDS = ['serve', 'demo', 'timeline', 'replay', 'rebuild', 'verify', 'import', 'token']

const KEY_ENCRYPTION_KEY = Buffer.alloc(32, 7).toString('base64')

t.test('--help names every command, and each explains itself', async (t) => {
  const [all, one] = await Promise.all([run(t, ['--help']), run(t, ['token', '--help'])])
  t.equal(all.code, 0)
  for (const command of COMMANDS) t.match(all.out, new RegExp(`^  ${command}\\b`, 'm'))
  t.equal(one.code, 0)
  t.match(one.out, /^Usage: tsunagi token .*--role <role>/s)
})

t.test('an unknown command and an unknown option end with 1 and a hint', async (t) => {
  const [command, option] = await Promise.all([run(t, ['simulate']), run(t, ['replay', '--since', 'x'])])
  saysItInOneLine(t, command, /unknown command 'simulate'/)
  saysItInOneLine(t, option, /unknown option '--since'/)
})

t.test('a bad configuration names every problem at once', async (t) => {
  const wrong = { PORT: 'abc', LOG_LEVEL: 'loud', REDIS_URL: 'http://:secret@localhost:6379' }
  const ran = await run(t, ['serve'], { ...wrong, DATA_DIR: t.testdir() })
  saysItInOneLine(t, ran, /5 problem/)
  for (const name of ['PORT', 'LOG_LEVEL', 'AUTH_ISSUER', 'AUTH_AUDIENCE', 'REDIS_URL: is to be redis://'])
    t.match(ran.err, name)
  t.notMatch(ran.err, 'secret')
})

t.test('commands on data need no word about the door, and say when there is no data', async (t) => {
  const env = { DATA_DIR: `${t.testdir()}/nothing` }
  const without = [['replay'], ['verify'], ['rebuild'], ['timeline', tanaka.family]]
  for (const ran of await Promise.all(without.map((args) => run(t, args, env))))
    saysItInOneLine(t, ran, /there is no event log in/)
})

t.test('token, serve and a request: somebody new may come in and record', async (t) => {
  const env = { DATA_DIR: t.testdir() }
  const args = ['token', '--role', 'hubStaff', '--organization', 'ORG-141097-H', '--site', 'SITE-141097-1']
  const ran = await run(t, [...args, '--name', '中村'], env)
  t.equal(ran.code, 0)
  t.match(ran.out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/, 'only the token on stdout')
  const door = await served(t, env)
  const asker = { authorization: `Bearer ${ran.out.trim()}`, 'content-type': 'application/json' }
  const visit = `${door.address}/v1/visits/0190a1b2-0000-7000-8000-000000000001/record`
  const recorded = await fetch(visit, { method: 'POST', headers: asker, body: '{"visitors":["mother"]}' })
  t.equal(recorded.status, 201)

  const second = await run(t, [...args, '--staff', 'late-comer'], env)
  const late = await fetch(`${door.address}/v1/visits/0190a1b2-0000-7000-8000-000000000002/record`, {
    method: 'POST',
    headers: { ...asker, authorization: `Bearer ${second.out.trim()}` },
    body: '{"visitors":["father"]}',
  })
  t.equal(late.status, 201, 'registered beside the running server, known to it at once')

  const replayed = await run(t, ['replay', '--json'], env)
  const types = replayed.out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type)
  t.strictSame(
    types.slice(-3),
    ['VisitRecorded', 'StaffRegistered', 'VisitRecorded'],
    'replay beside the server',
  )
  t.equal(await door.stop(), 0)
})

t.test('token helps a newcomer, several at once on a directory that is not there yet', async (t) => {
  const env = { DATA_DIR: `${t.testdir()}/new` }
  const token = (...args: readonly string[]) => run(t, ['token', ...args], env)
  const dual = ['--role', 'hubStaff', '--organization', 'ORG-141097-H', '--staff', 'dual']
  const audit = ['--role', 'auditor', '--organization', 'ORG-AUDIT']
  const [bySite, auditor, nowhere, elsewhere, first, soon, production] = await Promise.all([
    token('--role', 'hubPartner', '--organization', 'KOHOKU', '--site', 'SITE-141097-1', '--staff', 'saito'),
    token(...audit),
    token('--role', 'hubStaff', '--organization', 'ORG-141097'),
    token('--role', 'hubStaff', '--organization', 'ORG-141097-W'),
    token(...dual),
    token(...audit, '--ttl', 'soon'),
    run(t, ['token', ...audit], { ...env, NODE_ENV: 'production', KEY_ENCRYPTION_KEY }),
  ])

  t.test('a wrong organisation with a right site: the site’s', async (t) => {
    t.equal(bySite.code, 0)
    t.match(bySite.err, /SITE-141097-1 belongs to ORG-141097-H, which is used/)
  })
  t.test('an auditor from an unknown organisation: registered with it', async (t) => {
    t.equal(auditor.code, 0)
    t.match(auditor.err, /registered as city/)
  })
  t.test('a case worker of an unknown organisation: what there is in that ward', async (t) => {
    saysItInOneLine(t, nowhere, /ORG-141097-W .*ORG-141097-H .*SITE-141097-1 .*SITE-141097-2/)
  })
  t.test('a hub role at a ward office: the same', async (t) => {
    saysItInOneLine(t, elsewhere, /hubStaff is not a role of a ward.*ORG-141097-H/)
  })
  t.test('somebody registered as something else: said, not changed', async (t) => {
    const [same, other] = await Promise.all([token(...dual), token(...dual.with(1, 'hubDirector'))])
    t.strictSame([first.code, same.code], [0, 0])
    saysItInOneLine(t, other, /dual is already registered as hubStaff/)
  })
  t.test('an unreadable time', async (t) => {
    saysItInOneLine(t, soon, /Expected a time/)
  })
  t.test('not in production', async (t) => {
    saysItInOneLine(t, production, /refused when NODE_ENV=production/)
  })
})

t.test('over the demo’s data', async (t) => {
  const DATA_DIR = `${t.testdir()}/demo`
  const env = { DATA_DIR }
  const shown = await run(t, ['demo', '--exit', '--data-dir', DATA_DIR])

  t.test(
    'the demo shows the family’s timeline, what comes later, tokens and seven lines to paste',
    async (t) => {
      t.equal(shown.code, 0, shown.err)
      for (const what of [
        /田中家のつながり/,
        /2022年2月/,
        /17日\(木\) 10:30/,
        /11:10 {2}★ 利用者支援 相談を開始/,
        /← 気づき 2\/5/,
        /後日記録 4\/12/,
      ])
        t.match(shown.out, what)
      for (const row of ['A1', 'A2', 'A5', 'A15', 'A20', 'A22', 'A24'])
        t.match(shown.out, new RegExp(`^ {2}${row} +20`, 'm'))
      t.equal(shown.out.match(/^curl /gm)?.length, 7)
      t.equal(shown.out.match(/^ {2}eyJ[\w-]+\.[\w-]+\.[\w-]+$/gm)?.length, 4)
      t.notMatch(shown.out, '\u001b', 'no colour where nobody sees it')
    },
  )

  t.test('the demo on the same directory tells nothing twice; another log is left alone', async (t) => {
    const before = await run(t, ['replay', '--json', '--family', tanaka.family], env)
    const again = await run(t, ['demo', '--exit', '--family', 'C', '--data-dir', DATA_DIR])
    t.equal(again.code, 0, again.err)
    t.match(again.out, /期限 ?3\/27 超過/)
    t.match(again.out, /初回接触の期限 2023-03-28 を過ぎました/)
    t.equal((await run(t, ['replay', '--json', '--family', tanaka.family], env)).out, before.out)
    const other = t.testdir()
    await run(t, ['token', '--role', 'auditor', '--organization', 'ORG-AUDIT'], { DATA_DIR: other })
    saysItInOneLine(t, await run(t, ['demo', '--exit', '--data-dir', other]), /holds other data/)
  })

  t.test('timeline prints the same page, and JSON entries; a stranger’s id is an error', async (t) => {
    const timeline = (...args: readonly string[]) => run(t, ['timeline', ...args], env)
    const [page, json, stranger, name] = await Promise.all([
      timeline(tanaka.family),
      timeline(tanaka.family, '--json'),
      timeline('00000000-0000-4000-8000-00000000dead'),
      timeline('tanaka'),
    ])
    t.equal(page.code, 0)
    t.match(page.out, /田中家のつながり/)
    const entries = json.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    t.ok(entries.length > 20)
    t.ok(entries.every(({ title, links }) => typeof title === 'string' && Array.isArray(links)))
    saysItInOneLine(t, stranger, /nothing is recorded/)
    saysItInOneLine(t, name, /UUID/)
  })

  t.test('replay gives one family’s events, up to a day or a position, in log order', async (t) => {
    const replay = async (...args: readonly string[]) => {
      const { out } = await run(t, ['replay', '--json', ...args], env)
      return out
        .trim()
        .split('\n')
        .map(
          (line) =>
            JSON.parse(line) as { position: string; recordedAt: string; metadata: { familyId?: string } },
        )
    }
    const [all, then, few, unreadable] = await Promise.all([
      replay(),
      replay('--family', tanaka.family, '--as-of', '2022-02-17'),
      replay('--as-of', '10'),
      run(t, ['replay', '--as-of', 'yesterday'], env),
    ])
    t.strictSame(
      all.map(({ position }) => Number(position)),
      all.map((_, i) => i + 1),
    )
    t.ok(then.length > 5)
    t.ok(
      then.every(
        ({ metadata, recordedAt }) => metadata.familyId === tanaka.family && recordedAt < '2022-02-17T15',
      ),
    )
    t.equal(few.length, 10)
    saysItInOneLine(t, unreadable, /Expected a position/)
  })

  t.test('verify finds every view equal, a tampered row not; rebuild mends it', async (t) => {
    const before = await run(t, ['verify', '--json'], env)
    t.equal(before.code, 0, before.err)
    const verdicts = before.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; equal: boolean; live: string })
    t.ok(verdicts.length >= 7 && verdicts.every(({ equal, live }) => equal && /^[0-9a-f]{64}$/.test(live)))

    tamper(`${DATA_DIR}/read-models.db`)
    const tampered = await run(t, ['verify'], env)
    saysItInOneLine(t, tampered, /families: not what the log says/)
    t.match(tampered.out, /✗ different +families/)
    t.equal(tampered.out.match(/✓ equal/g)?.length, verdicts.length - 1)

    t.equal((await run(t, ['rebuild', 'families'], env)).code, 0)
    t.equal((await run(t, ['verify'], env)).code, 0)
    saysItInOneLine(t, await run(t, ['rebuild', 'gossip'], env), /Allowed choices are family-timeline/)
  })

  t.test('rebuild and verify work beside a running server', async (t) => {
    const door = await served(t, env)
    t.equal((await run(t, ['rebuild'], env)).code, 0)
    t.equal((await run(t, ['verify'], env)).code, 0)
    t.equal((await fetch(`${door.address}/readyz`)).status, 200)
    t.equal(await door.stop(), 0)
  })

  t.test('a taken port is said in one line', async (t) => {
    const door = await served(t, { DATA_DIR: t.testdir() })
    const env = { DATA_DIR: t.testdir({ more: {} }), AUTH_MODE: 'dev', PORT: new URL(door.address).port }
    saysItInOneLine(t, await run(t, ['serve'], env), /port \d+ is in use/)
  })
})

/** One character of one row, behind the program's back. */
const tamper = (file: string): void => {
  const db = new Database(file)
  const table = db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'families#%'")
    .pluck()
    .get()
  const { changes } = db.prepare(`UPDATE "${table}" SET body = replace(body, '"mother"', '"father"')`).run()
  db.close()
  if (changes === 0) throw new Error('nothing was tampered with')
}
