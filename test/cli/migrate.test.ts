import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { devKeyFile } from '#src/data/keys.ts'
import { startSystem } from '#src/system.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'
import { silent } from '#test/kit/running-system.ts'
import { run, saysItInOneLine } from './kit/run.ts'

const root = t.testdir()
const [home, node, back] = [join(root, 'home'), join(root, 'home.cluster'), join(root, 'back')]
const system = await startSystem({ dataDir: home, engine: 'sqlite', log: silent, tickMs: 0 })
const events = Number(await system.store.head())
await system.stop()
const double = await startDouble()
t.teardown(() => double.stop())
const env = { KEY_ENCRYPTION_KEY: readFileSync(devKeyFile(home), 'utf8'), EVENT_STORE: double.url }

await t.test('there and back at the command line', async (t) => {
  const there = await run(t, ['migrate', '--from', home, '--to', 'cluster', '--json'], env)
  t.equal(there.code, 0, there.err)
  t.match(JSON.parse(there.out), { events, copied: events, grown: 0, directory: node })
  const again = await run(t, ['migrate', '--from', 'cluster', '--to', back], env)
  t.equal(again.code, 0, again.err)
  t.match(again.out, `${events} events`)
  t.notMatch(again.out + again.err, env.KEY_ENCRYPTION_KEY)
})

await t.test('a position is looked up in both directions', async (t) => {
  const there = await run(t, ['position', '3', '--directory', node, '--json'])
  const { now } = JSON.parse(there.out)
  const returned = await run(t, ['position', now.now, '--json'], { DATA_DIR: back })
  t.match(JSON.parse(returned.out), { now: { before: now.now, now: '3', eventId: now.eventId } })
  const said = await run(t, ['position', now.now, '--directory', node])
  t.match(said.out, new RegExp(`of today: +3 {2}event ${now.eventId}\n`))
  saysItInOneLine(t, await run(t, ['position', '3'], { DATA_DIR: home }), /no log was moved there/)
})

await t.test('what cannot be moved is said in one line', async (t) => {
  saysItInOneLine(
    t,
    await run(t, ['migrate', '--from', home, '--to', 'cluster'], { EVENT_STORE: 'sqlite' }),
    /KEY_ENCRYPTION_KEY is needed/,
  )
  saysItInOneLine(
    t,
    await run(t, ['migrate', '--from', root, '--to', 'cluster'], env),
    /there is no .*events\.db/,
  )
})
